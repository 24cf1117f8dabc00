import { insertWorker } from '../../declare/insert-worker.ts';
import { workerYaml } from '../../declare/worker-yaml.ts';
import { type Diagnostic, DiagnosticsError, problem } from '../../model/diagnostic.ts';
import { sameJson } from '../../model/json.ts';
import { lookup } from '../../model/lookup.ts';
import { DEFAULT_PLAN_OPTIONS } from '../../model/plan.ts';
import type { DesiredWorker, WorkerFields } from '../../model/worker.ts';
import { importable } from '../../plan/import-refusals.ts';
import {
  declaredFor,
  desiredWith,
  type ImportInput,
  planAfterImport,
} from '../../plan/import-vm.ts';
import type { Decision } from '../../plan/plan-input.ts';
import { stopWhenHopeless } from '../../plan/stops.ts';
import { readInventory } from '../../pve/inventory.ts';
import { jsonDocument } from '../../report/escape/json.ts';
import { importedText, importText } from '../../report/import-text.ts';
import { approve } from '../approve.ts';
import { type OpenProject, recordedVms, withProject } from '../assemble.ts';
import { requireIdle, requireNotOlder } from '../edit-state.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { isSet } from '../flags.ts';
import { takeIn } from '../import-steps.ts';
import type { Invocation } from '../invocation.ts';
import { loadProject } from '../load-project.ts';

/** Takes a VM that was made by hand into the state, as that worker; with `--write` into the YAML, too. */
export async function runImport(invocation: Invocation): Promise<number> {
  const [worker = '', id = ''] = invocation.args;
  if (!/^[1-9]\d{2,8}$/.test(id)) throw badId(id);
  return withProject(invocation, async (open) => {
    requireNotOlder(open.stateView.olderFormat);
    await requireIdle(invocation, open.state, lookup(open.state.workers, worker) ? [worker] : []);
    const input = await lookUp(invocation, open, worker, Number(id));
    const proposal = await propose(invocation, input);
    requireHarmless(proposal.decision);
    show(invocation, input, proposal);
    if (isSet(invocation.flags, 'dry-run')) return told(invocation, worker, true);
    const given = isSet(invocation.flags, 'auto-approve');
    const { cluster } = input.inventory;
    if (!(await approve(invocation, cluster, { kind: given ? 'given' : 'yes' }))) {
      invocation.context.stdout.write('Nothing was changed.\n');
      return EXIT_CODES.impossible;
    }
    const desired = await writeYaml(invocation, input, proposal);
    await takeIn(invocation, open, open.pve, input, { desired, as: proposal.as });
    return told(invocation, worker, false);
  });
}

/** The VM, as far as nothing speaks against it. Throws what does: exit 6. */
async function lookUp(
  { context }: Invocation,
  { project, state, pve }: OpenProject,
  worker: string,
  vmid: number,
): Promise<ImportInput> {
  const { declaration } = project;
  const recorded = [...recordedVms(state), { vmid, node: '' }];
  const need = { recorded, vmids: declaration.cluster.vmids, refresh: true };
  const inventory = await readInventory(pve, need, context.clock);
  stopWhenHopeless({ declaration, state, inventory, options: DEFAULT_PLAN_OPTIONS });
  const found = importable({ worker, vmid, state, inventory });
  if (found.kind === 'refused') throw new DiagnosticsError([found.problem], EXIT_CODES.refused);
  const { vm, config, markedUuid } = found;
  const uuid = markedUuid ?? context.random.uuid();
  return { worker, vm, config, declaration, state, inventory, uuid };
}

interface Proposal {
  /** The worker as it will be declared. */
  readonly desired: DesiredWorker;
  /** As it would have to be declared for the VM to stay as it is. */
  readonly as: DesiredWorker;
  readonly lacking: WorkerFields;
  readonly yaml: Awaited<ReturnType<typeof insertWorker>>;
  readonly decision: Decision;
}

/** What would be declared and what the next plan would say. Throws where the worker is declared nowhere. */
async function propose(invocation: Invocation, input: ImportInput): Promise<Proposal> {
  const { context, globals, flags } = invocation;
  const { desired: declared, lacking } = declaredFor(input);
  const as = desiredWith(lacking, input) ?? declared;
  const wantsYaml = isSet(flags, 'write') && Object.keys(lacking).length > 0;
  const files = context.files(globals.root);
  const yaml = wantsYaml
    ? await insertWorker(files, globals.environment, input.worker, lacking)
    : undefined;
  if (wantsYaml && yaml === undefined) throw notWritable(input.worker, lacking);
  const desired = yaml === undefined ? declared : as;
  if (desired === undefined || as === undefined) throw undeclared(input, lacking);
  return { desired, as, lacking, yaml, decision: planAfterImport(desired, as, input) };
}

/** A VM that would have to be made anew, or a disk that can't shrink, is not taken in. */
function requireHarmless({ plan, problems }: Decision): void {
  const errors = problems.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new DiagnosticsError(errors);
  const changes = plan.changes.filter(({ cost }) => cost === 'rebuild');
  if (!plan.actions.includes('replace') && changes.length === 0) return;
  const paths = changes.map(({ path }) => path).join(', ');
  const message = `${plan.worker} as it is declared can't be had without making the VM anew (${paths})`;
  const remedy = 'Correct the declaration, or let --write declare the worker as the VM is.';
  throw refused([problem('import-rebuilds', message, remedy, ['Nothing was changed.'])]);
}

/** YAML before the record: a worker that is recorded and not declared would be destroyed by the next plan. */
async function writeYaml(
  invocation: Invocation,
  input: ImportInput,
  { desired, yaml }: Proposal,
): Promise<DesiredWorker> {
  if (yaml === undefined) return desired;
  const { context, globals } = invocation;
  await context.files(globals.root).write(yaml.file, yaml.text, 0o644);
  const { declaration } = await loadProject(invocation);
  const written = desiredWith({}, { ...input, declaration });
  if (written !== undefined && sameJson(written.spec, desired.spec)) return written;
  const message = `${yaml.file} was written, and ${input.worker} does not read back as it was meant`;
  const remedy = 'Correct it there, then import again without --write.';
  throw new DiagnosticsError([problem('yaml-differs', message, remedy)]);
}

function show(
  { context, globals }: Invocation,
  { worker, vm, config, uuid }: ImportInput,
  { lacking, yaml, decision }: Proposal,
): void {
  const isLacking = Object.keys(lacking).length > 0;
  const { plan, findings } = decision;
  const view = {
    worker,
    vmid: vm.vmid,
    node: vm.node,
    vmName: vm.name,
    notes: config.values.description,
    uuid: { now: /uuid=([0-9a-fA-F-]+)/.exec(config.values.smbios1 ?? '')?.[1], next: uuid },
    next: plan,
    findings,
    yaml,
    lacking: isLacking ? workerYaml(worker, lacking) : '',
  };
  if (!globals.json)
    context.stdout.write(`${importText({ ...view, verbose: globals.verbose }).join('\n')}\n`);
}

function told({ context, globals }: Invocation, worker: string, dryRun: boolean): number {
  const text = globals.json
    ? jsonDocument({ imported: worker, dryRun })
    : `${importedText(worker, globals.program, dryRun).join('\n')}\n`;
  context.stdout.write(text);
  return 0;
}

function refused(problems: readonly Diagnostic[]): DiagnosticsError {
  return new DiagnosticsError(problems, EXIT_CODES.refused);
}

function badId(id: string): DiagnosticsError {
  const message = `"${id}" is not the id of a VM`;
  return new DiagnosticsError([problem('bad-vmid', message, 'Give it as: muster import W 9104')]);
}

function undeclared({ worker }: ImportInput, lacking: WorkerFields): DiagnosticsError {
  const message = `${worker} is not declared: once recorded, the next plan would destroy its VM`;
  const remedy = 'Let --write put this into the YAML, or write it yourself and import again:';
  const yaml = workerYaml(worker, lacking).trimEnd().split('\n');
  return new DiagnosticsError([problem('undeclared', message, remedy, yaml)]);
}

function notWritable(worker: string, lacking: WorkerFields): DiagnosticsError {
  const message = `${worker} can't be put into the YAML without touching what others wrote there`;
  const remedy = 'Write this yourself, then import without --write:';
  const yaml = workerYaml(worker, lacking).trimEnd().split('\n');
  return new DiagnosticsError([problem('not-writable', message, remedy, yaml)]);
}
