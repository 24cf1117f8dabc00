import type { ActionKind, Change, Finding, Reason } from '../model/plan.ts';
import { interrupted } from '../model/runs.ts';
import type { WorkerRecord } from '../model/state.ts';
import type { Attributes, DesiredWorker } from '../model/worker.ts';
import type { WorkerCase, WorkerContext } from './plan-input.ts';
import { POWER_OFF, shutdownReason } from './power.ts';
import { changesOf, type Present } from './present-changes.ts';
import { refusalOf } from './refusals.ts';
import { inOrder, NOTHING, unique, type Verdict } from './verdict.ts';
import { foreignVolumes, freedVolumes } from './volumes.ts';

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
  const rebuilds = (change: Change) => needsRebuild(change, desired, found, context);
  const main = mainAction(worker, desired, record, changes.kept, rebuilds, context);
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
  needsAnew: (change: Change) => boolean,
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
  const rebuilds = options.replace.includes(worker.name) || resumes || changes.some(needsAnew);
  const inPlace = changes.filter((change) => !needsAnew(change));
  if (rebuilds && waitsForProtection(record, desired) && inPlace.length > 0)
    return {
      action: inPlace.some(({ cost }) => cost !== 'record') ? 'update' : 'configure',
      reasons: unique(inPlace.flatMap(reasonsOf)),
      changes: inPlace,
      findings: [replaceWaits(worker.name)],
    };
  const found = { reasons, changes, findings: [] };
  if (rebuilds)
    return {
      ...found,
      action: 'replace',
      changes: changes.map((each) => costing(each, needsAnew)),
    };
  if (changes.some(({ cost }) => cost !== 'record')) return { ...found, action: 'update' };
  if (stopped && wasChanging(record)) return { ...found, action: 'update' };
  return changes.length > 0 || stopped ? { ...found, action: 'configure' } : found;
}

/** What its attribute costs elsewhere is not what it costs here: a move that PVE can't do makes the VM anew. */
function costing(change: Change, needsAnew: (change: Change) => boolean): Change {
  return needsAnew(change) ? { ...change, cost: 'rebuild' } : change;
}

/** What was done to the VM last has to be read and recorded, even when nothing is left to be done. */
function wasChanging({ doing }: WorkerRecord): boolean {
  return doing !== undefined && ['deploy', 'update', 'replace', 'adopt'].includes(doing.action);
}

/** A replace that stopped while the old VM was still there goes on; later there is only the new one to finish. */
function isBeforeDelete({ doing }: WorkerRecord): boolean {
  return doing?.action === 'replace' && ['shutdown', 'stop', 'delete'].includes(doing.step);
}

/**
 * PVE moves a powered-off VM when the other node has the storage that its disk goes to: the declared one, else the
 * one where it lies now. Otherwise it is made anew there.
 */
function needsRebuild(
  change: Change,
  { spec }: DesiredWorker,
  found: Attributes | undefined,
  { inventory }: WorkerContext,
): boolean {
  if (change.cost !== 'migrate') return change.cost === 'rebuild';
  const storages = Object.values(inventory.storages).filter(({ node }) => node === spec.node);
  const wanted = spec.disk.storage ?? found?.['disk.storage'];
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
