import { type Diagnostic, DiagnosticsError, problem } from '../../model/diagnostic.ts';
import { DEFAULT_PLAN_OPTIONS } from '../../model/plan.ts';
import { expand } from '../../plan/expand.ts';
import { expandFactsOf } from '../../plan/expand-facts.ts';
import { findOrphans, type Orphan } from '../../plan/orphans.ts';
import { readInventory } from '../../pve/inventory.ts';
import { readLeftovers } from '../../pve/leftovers.ts';
import { jsonDocument } from '../../report/escape/json.ts';
import { orphansText } from '../../report/orphans-text.ts';
import { assemble, type OpenProject, recordedVms, withProject } from '../assemble.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { isSet, listOf } from '../flags.ts';
import type { Invocation } from '../invocation.ts';
import { runAndReport } from '../run-plan.ts';

/** Lists what Muster left and no state knows; with `--destroy`, destroys the VMs among it that are named. */
export async function runOrphans(invocation: Invocation): Promise<number> {
  const { context, globals, args, flags } = invocation;
  const ids = args.map(vmidOf);
  const destroys = isSet(flags, 'destroy');
  if (destroys && ids.length === 0) throw unnamed();
  return withProject(invocation, async (open) => {
    const { orphans, unread } = await look(invocation, open);
    if (destroys) return destroyNamed(invocation, open, ids, orphans);
    const shown = orphans.filter(
      ({ vmid }) => ids.length === 0 || (vmid !== undefined && ids.includes(vmid)),
    );
    const view = { orphans: shown, unread };
    const { program } = globals;
    const text = globals.json
      ? jsonDocument(view)
      : `${orphansText({ ...view, program }).join('\n')}\n`;
    context.stdout.write(text);
    return 0;
  });
}

async function look(
  { context }: Invocation,
  { project, state, pve }: OpenProject,
): Promise<{ readonly orphans: readonly Orphan[]; readonly unread: readonly string[] }> {
  const { declaration } = project;
  const { vmids } = declaration.cluster;
  const need = { recorded: recordedVms(state), vmids, refresh: true };
  const inventory = await readInventory(pve, need, context.clock);
  const { unread, ...leftovers } = await readLeftovers(pve, inventory, vmids);
  const { desired } = expand(declaration, expandFactsOf(inventory, state));
  const declared = new Set(desired.workers.map(({ name }) => name));
  const orphans = findOrphans({ declaration, declared, state, inventory, ...leftovers });
  return { orphans, unread };
}

/** Only what bears all marks, and only by its id. Everything else of the plan stays as it is. */
async function destroyNamed(
  invocation: Invocation,
  open: OpenProject,
  ids: readonly number[],
  orphans: readonly Orphan[],
): Promise<number> {
  const refusals = ids.flatMap((vmid) => refusalOf(vmid, orphans));
  if (refusals.length > 0) throw new DiagnosticsError(refusals, EXIT_CODES.refused);
  const force = listOf(invocation.flags, 'force');
  const options = { ...DEFAULT_PLAN_OPTIONS, prune: true, pruneOnly: ids, force };
  const assembled = await assemble(invocation, open, options);
  return runAndReport(invocation, assembled, assembled.plan, { kind: 'yes' });
}

function refusalOf(vmid: number, orphans: readonly Orphan[]): readonly Diagnostic[] {
  const found = orphans.find((orphan) => orphan.vmid === vmid && orphan.kind !== 'lock');
  if (found?.kind === 'ours') return [];
  const detail = ['Nothing was changed.'];
  if (found === undefined)
    return [problem('not-an-orphan', `vm ${vmid} is no orphan of this project`, SHOWN, detail)];
  return [
    problem(
      'not-proven',
      `${found.what} does not bear all marks, so Muster does not destroy it`,
      found.command === undefined ? found.remedy : `${found.remedy} ${found.command}`,
      [found.proof, ...detail],
    ),
  ];
}

const SHOWN = 'muster orphans lists them; a recorded worker is destroyed by: muster destroy W';

function vmidOf(text: string): number {
  if (/^[1-9]\d{2,8}$/.test(text)) return Number(text);
  const message = `"${text}" is not the id of a VM`;
  throw new DiagnosticsError([problem('bad-vmid', message, 'Give ids: muster orphans 9104')]);
}

function unnamed(): DiagnosticsError {
  const message = '--destroy wants to know which VMs';
  const remedy = 'Look first: muster orphans. Then name them: muster orphans 9104 --destroy';
  return new DiagnosticsError([problem('bad-flag', message, remedy)]);
}
