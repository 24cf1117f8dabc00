import type { VmView } from '../model/attributes/attribute.ts';
import { diffAttributes } from '../model/attributes/diff-attributes.ts';
import { rowOf } from '../model/attributes/rows.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { ActionKind, Change, Finding, Reason } from '../model/plan.ts';
import { formatSize } from '../model/quantity.ts';
import { interrupted } from '../model/runs.ts';
import type { WorkerRecord } from '../model/state.ts';
import type { Attributes, DesiredWorker } from '../model/worker.ts';
import type { Located } from './identity.ts';
import { imageChange, imageNameChange } from './image-change.ts';
import type { WorkerCase, WorkerContext } from './plan-input.ts';
import { POWER_OFF, shutdownReason } from './power.ts';
import { refusalOf } from './refusals.ts';
import { inOrder, NOTHING, unique, type Verdict } from './verdict.ts';
import { foreignVolumes, freedVolumes } from './volumes.ts';
import { viewsOf } from './worker-views.ts';

type Present = Extract<Located, { kind: 'ours' | 'assumed' }>;

/** A declared worker whose VM is there. */
export function decidePresent(
  worker: WorkerCase,
  desired: DesiredWorker,
  record: WorkerRecord,
  located: Present,
  found: Attributes | undefined,
  context: WorkerContext,
): Verdict {
  if (context.options.destroy) return destroyRequested(worker, record, located, context);
  const changes = changesOf(worker, desired, record, located, found, context);
  const main = mainAction(worker, desired, record, changes.kept, context);
  const off = shutdownReason(worker, located, context);
  const launch: readonly ActionKind[] =
    context.options.test && desired.spec.enabled ? ['test'] : [];
  const actions = inOrder([
    ...(off === undefined ? [] : (['shutdown'] as const)),
    ...(worker.from === undefined ? [] : (['rename'] as const)),
    ...(main.action === undefined ? [] : [main.action]),
    ...launch,
  ]);
  const replaces = main.action === 'replace' && located.kind === 'ours';
  return {
    ...NOTHING,
    ...(replaces ? replaceGuards(worker, record, located, context) : {}),
    actions,
    reasons: unique<Reason>([
      ...(off === undefined ? [] : [off]),
      ...(worker.from === undefined ? [] : (['renamed'] as const)),
      ...main.reasons,
      ...(launch.length > 0 ? (['requested'] as const) : []),
    ]),
    changes: [...(off === undefined ? [] : [POWER_OFF]), ...main.changes],
    findings: [...changes.findings, ...main.findings],
    problems: changes.problems,
  };
}

interface Changes {
  readonly kept: readonly Change[];
  readonly findings: readonly Finding[];
  readonly problems: readonly Diagnostic[];
}

/** All changes of this worker, without those that its VM can't take; these are reported instead. */
function changesOf(
  worker: WorkerCase,
  desired: DesiredWorker,
  record: WorkerRecord,
  located: Present,
  found: Attributes | undefined,
  context: WorkerContext,
): Changes {
  const { state } = context;
  const uuid = record.vm?.uuid;
  const views = viewsOf(desired, record, worker.from ?? worker.name, state, uuid, found);
  const images = imageChanges(worker, desired, record, located);
  const kept: Change[] = [...images.kept];
  const findings: Finding[] = [...images.findings];
  const problems: Diagnostic[] = [];
  for (const change of diffAttributes(views)) {
    const obstacle = located.kind === 'ours' ? obstacleTo(change, located) : undefined;
    if (isShrink(change) && change.causes.includes('declaration'))
      problems.push(shrinkProblem(change, desired, context));
    else if (isShrink(change)) findings.push(grownFinding(worker.name, change));
    else if (obstacle !== undefined)
      findings.push({
        code: 'not-possible',
        worker: worker.name,
        message: `${change.path} can't be set on ${worker.name}: ${obstacle}`,
        remedy: 'Remove it from the declaration, or use an image with another disk bus.',
      });
    else kept.push(change);
  }
  return { kept, findings, problems };
}

function imageChanges(
  worker: WorkerCase,
  desired: DesiredWorker,
  record: WorkerRecord,
  located: Present,
): Pick<Changes, 'kept' | 'findings'> {
  const { spec, name } = desired;
  const node = located.kind === 'ours' ? located.vm.node : located.ref.node;
  const image = imageChange(record, spec, node);
  const renamed = imageNameChange(record, spec);
  const onlyRecord = renamed === undefined ? [] : [renamed];
  if (image === undefined) return { kept: onlyRecord, findings: [] };
  const { before, after } = image.change;
  if (spec.onImageChange === 'replace' && worker.imageMustWait !== true)
    return { kept: [image.change], findings: [] };
  const why =
    spec.onImageChange === 'replace'
      ? `it waits: one worker per node is replaced at a time`
      : `onImageChange is ${spec.onImageChange}`;
  const finding: Finding = {
    code: 'stale-image',
    worker: name,
    node: spec.node,
    message: `${name} was made from ${String(before)}, declared is ${String(after)}; ${why}`,
    remedy:
      spec.onImageChange === 'replace'
        ? 'Apply, then plan again.'
        : `Use --replace ${name} to make it anew now.`,
  };
  return { kept: spec.onImageChange === 'replace' ? [] : onlyRecord, findings: [finding] };
}

interface Main {
  readonly action?: ActionKind;
  readonly reasons: readonly Reason[];
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
}

/** One of configure, update, replace. */
function mainAction(
  worker: WorkerCase,
  desired: DesiredWorker,
  record: WorkerRecord,
  changes: readonly Change[],
  context: WorkerContext,
): Main {
  const { options, state, inventory } = context;
  const stopped = interrupted(record, state, inventory.cluster.time);
  const reasons = unique<Reason>([
    ...(options.replace.includes(worker.name) ? (['requested'] as const) : []),
    ...changes.flatMap(reasonsOf),
    ...(stopped ? (['interrupted'] as const) : []),
  ]);
  const resumes = stopped && isBeforeDelete(record);
  const rebuilds =
    options.replace.includes(worker.name) ||
    resumes ||
    changes.some((change) => needsRebuild(change, desired, context));
  const inPlace = changes.filter((change) => !needsRebuild(change, desired, context));
  if (rebuilds && waitsForProtection(record, desired) && inPlace.length > 0)
    return {
      action: inPlace.some(({ cost }) => cost !== 'record') ? 'update' : 'configure',
      reasons: unique(inPlace.flatMap(reasonsOf)),
      changes: inPlace,
      findings: [replaceWaits(worker.name)],
    };
  const found = { reasons, changes, findings: [] };
  if (rebuilds) return { ...found, action: 'replace' };
  if (changes.some(({ cost }) => cost !== 'record')) return { ...found, action: 'update' };
  return changes.length > 0 || stopped ? { ...found, action: 'configure' } : found;
}

/** A replace that stopped while the old VM was still there goes on; later there is only the new one to finish. */
function isBeforeDelete({ doing }: WorkerRecord): boolean {
  return doing?.action === 'replace' && ['shutdown', 'stop', 'delete'].includes(doing.step);
}

/** PVE moves a powered-off VM when its storage is on the other node too; otherwise it is made anew there. */
function needsRebuild(
  change: Change,
  { spec }: DesiredWorker,
  { inventory }: WorkerContext,
): boolean {
  if (change.cost !== 'migrate') return change.cost === 'rebuild';
  const storages = Object.values(inventory.storages).filter(({ node }) => node === spec.node);
  const wanted = spec.disk.storage;
  if (storages.length === 0 || wanted === undefined) return false;
  return !storages.some(({ storage, enabled }) => storage === wanted && enabled);
}

/** Protected as last applied or as declared: it has to be declared and applied unprotected first. */
function waitsForProtection(record: WorkerRecord, { spec }: DesiredWorker): boolean {
  return record.protect || spec.protect;
}

function replaceWaits(name: string): Finding {
  return {
    code: 'replace-waits',
    worker: name,
    message: `${name} has to be made anew, but it is protected; what can be changed in place is planned`,
    remedy: `Declare "protect: false" for ${name} and apply; the next plan replaces it.`,
  };
}

function reasonsOf({ causes }: Change): readonly Reason[] {
  return causes.map((cause) => {
    if (cause === 'drift') return 'drift';
    return cause === 'image' ? 'image-changed' : 'declaration-changed';
  });
}

function replaceGuards(
  worker: WorkerCase,
  record: WorkerRecord,
  located: Extract<Present, { kind: 'ours' }>,
  { options }: WorkerContext,
): Partial<Verdict> {
  const foreign = options.force.includes(worker.name)
    ? []
    : foreignVolumes(located.config, record.observed);
  return {
    frees: freedVolumes(located.config),
    ...(foreign.length === 0
      ? {}
      : {
          blockedBy: foreign.join(', '),
          refusals: [refusalOf(worker.name, located.vm.vmid, foreign)],
        }),
  };
}

function destroyRequested(
  worker: WorkerCase,
  record: WorkerRecord,
  located: Present,
  context: WorkerContext,
): Verdict {
  const off = shutdownReason(worker, located, context);
  return {
    ...NOTHING,
    ...(located.kind === 'ours' ? replaceGuards(worker, record, located, context) : {}),
    actions: inOrder([...(off === undefined ? [] : (['shutdown'] as const)), 'destroy']),
    reasons: [...(off === undefined ? [] : [off]), 'requested'],
    changes: off === undefined ? [] : [POWER_OFF],
  };
}

function obstacleTo(
  change: Change,
  { vm, config }: Extract<Present, { kind: 'ours' }>,
): string | undefined {
  const view: VmView = { config, node: vm.node, vmid: vm.vmid };
  return rowOf(change.path)?.check?.(change.after, view);
}

function isShrink({ path, before, after }: Change): boolean {
  return (
    path === 'disk.size' &&
    typeof before === 'number' &&
    typeof after === 'number' &&
    after < before
  );
}

function shrinkProblem(
  change: Change,
  desired: DesiredWorker,
  { locate }: WorkerContext,
): Diagnostic {
  const [before, after] = [formatSize(Number(change.before)), formatSize(Number(change.after))];
  return {
    severity: 'error',
    code: 'disk-shrinks',
    message: `the disk of ${desired.name} can't shrink from ${before} to ${after}`,
    labels: [locate?.(desired, 'disk.size') ?? desired.declaredAt],
    detail: ['Proxmox VE only grows disks.'],
    remedy: `Declare at least ${before}, or make the VM anew: muster destroy ${desired.name}, then apply.`,
  };
}

function grownFinding(name: string, change: Change): Finding {
  const [before, after] = [formatSize(Number(change.before)), formatSize(Number(change.after))];
  return {
    code: 'disk-grown',
    worker: name,
    message: `the disk of ${name} was grown to ${before} outside of Muster; declared are ${after}`,
    remedy: `It can't shrink: declare ${before}, or use --replace ${name}.`,
  };
}
