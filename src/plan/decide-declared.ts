import { assertNever } from '../model/assert-never.ts';
import { diffAttributes } from '../model/attributes/diff-attributes.ts';
import { isShrink } from '../model/attributes/obstacle.ts';
import { byCodeUnit } from '../model/json.ts';
import type { ActionKind, Reason } from '../model/plan.ts';
import { interrupted } from '../model/runs.ts';
import type { WorkerRecord } from '../model/state.ts';
import type { DesiredWorker } from '../model/worker.ts';
import { decidePresent } from './decide-present.ts';
import { isBegunUnseen, type Located } from './identity.ts';
import { imageNameChange } from './image-change.ts';
import type { WorkerCase, WorkerContext } from './plan-input.ts';
import { POWER_OFF } from './power.ts';
import { shrinkProblem } from './present-changes.ts';
import { inOrder, NOTHING, unique, type Verdict } from './verdict.ts';
import { attributesFound, viewsOf } from './worker-views.ts';

/** A worker that the declaration names. */
export function decideDeclared(
  worker: WorkerCase,
  desired: DesiredWorker,
  located: Located,
  context: WorkerContext,
): Verdict {
  const { record } = worker;
  if (!Object.hasOwn(context.inventory.nodes, desired.spec.node))
    return onMissingNode(worker, desired, located, context);
  if (located.kind === 'adoptable') return adopt(worker, desired, located, context);
  if (record === undefined) return decideNew(desired, context);
  switch (located.kind) {
    case 'none':
      return decideAbsent(worker, desired, record, context, []);
    case 'gone':
      return decideAbsent(
        worker,
        desired,
        record,
        context,
        record.vm === undefined ? [] : ['vm-gone'],
      );
    case 'node-gone':
      return decideAbsent(worker, desired, record, context, ['node-gone']);
    case 'invisible':
      return isBegunUnseen(record, located)
        ? decideBegun(worker, desired, record, context)
        : requested(worker, desired, record, context);
    case 'unreachable':
    case 'ambiguous':
      return requested(worker, desired, record, context);
    case 'unfinished':
      return context.options.destroy
        ? { ...NOTHING, actions: ['destroy'], reasons: ['requested'] }
        : decideBegun(worker, desired, record, context);
    case 'ours':
      return record.vm === undefined && !context.options.destroy
        ? decideBegun(worker, desired, record, context)
        : decidePresent(
            worker,
            desired,
            record,
            located,
            attributesFound(located.config, located.vm),
            context,
          );
    case 'assumed':
      return decidePresent(worker, desired, record, located, record.observed, context);
    default:
      return assertNever(located);
  }
}

/** Nothing can be made on, or moved to, a node that the cluster does not have. */
function onMissingNode(
  worker: WorkerCase,
  desired: DesiredWorker,
  located: Located,
  context: WorkerContext,
): Verdict {
  const { node } = desired.spec;
  const { name, record } = worker;
  const hasLeft = located.kind === 'none' || located.kind === 'node-gone';
  if (hasLeft && record?.declared.node === node)
    return {
      ...NOTHING,
      actions: ['forget'],
      reasons: ['node-gone'],
      findings: [
        {
          code: 'node-gone',
          worker: name,
          node,
          message: `${node}, the node of ${name}, is not in the cluster any more; its record is dropped`,
          remedy: `Remove ${name} from the declaration, or declare another node.`,
        },
      ],
    };
  const nodes = Object.keys(context.inventory.nodes).sort(byCodeUnit);
  return {
    ...NOTHING,
    problems: [
      {
        // One node that left must not keep the other workers from their work.
        severity: context.options.strict ? 'error' : 'warning',
        code: 'unknown-node',
        message: `worker ${name} is declared for node ${node}, which the cluster does not have`,
        labels: [context.locate?.(desired, 'node') ?? desired.declaredAt],
        detail: [`nodes: ${nodes.join(', ')}`],
        remedy: "Declare one of the cluster's nodes, or remove the worker; it is left out.",
      },
    ],
  };
}

/** Unknown to the state. */
function decideNew(desired: DesiredWorker, context: WorkerContext): Verdict {
  const { state } = context;
  const joined =
    desired.set !== undefined &&
    Object.keys(state.nodes).length > 0 &&
    !Object.hasOwn(state.nodes, desired.spec.node);
  const launch = launchOf(desired, context);
  return {
    ...NOTHING,
    actions: inOrder(['configure', ...launch.actions]),
    reasons: unique([joined ? 'new-node' : 'new', ...launch.reasons]),
  };
}

/** The record takes the VM in, and what differs is changed in place. */
function adopt(
  { record }: WorkerCase,
  desired: DesiredWorker,
  { vm, config, uuid }: Extract<Located, { kind: 'adoptable' }>,
  context: WorkerContext,
): Verdict {
  const found = attributesFound(config, vm);
  const views = viewsOf(desired, undefined, desired.name, context.state, uuid, found);
  // Nothing says which image it was made from, so nothing here asks for a new VM (P38).
  const changes = diffAttributes(views).filter(
    ({ cost }) => cost !== 'rebuild' && cost !== 'record',
  );
  const running = vm.status === 'running';
  return {
    ...NOTHING,
    actions: inOrder([
      ...(running ? (['shutdown'] as const) : []),
      'adopt',
      ...(changes.length > 0 ? (['update'] as const) : []),
      ...(context.options.test && desired.spec.enabled ? (['test'] as const) : []),
    ]),
    reasons: unique<Reason>([
      ...(running ? (['left-running'] as const) : []),
      ...(record?.vm === undefined ? [] : (['vm-gone'] as const)),
      'orphan',
    ]),
    changes: [...(running ? [POWER_OFF] : []), ...changes],
    problems: changes.filter(isShrink).map((change) => shrinkProblem(change, desired, context)),
  };
}

/** Its VM is being made: by a run that lives, or by one that no longer does. */
function decideBegun(
  worker: WorkerCase,
  desired: DesiredWorker,
  record: WorkerRecord,
  context: WorkerContext,
): Verdict {
  const dead = interrupted(record, context.state, context.inventory.cluster.time);
  return dead ? decideAbsent(worker, desired, record, context, ['interrupted']) : NOTHING;
}

/** What somebody asked for stays visible, and held, where the VM can't be reached: not done must not look like done. */
function requested(
  { name }: WorkerCase,
  { spec }: DesiredWorker,
  { vm }: WorkerRecord,
  { options }: WorkerContext,
): Verdict {
  const launch = options.test && spec.enabled;
  const actions: readonly ActionKind[] =
    options.destroy && vm !== undefined
      ? ['destroy']
      : inOrder([
          ...(options.replace.includes(name) ? (['replace'] as const) : []),
          ...(launch ? (['test'] as const) : []),
        ]);
  return actions.length === 0 ? NOTHING : { ...NOTHING, actions, reasons: ['requested'] };
}

/** Recorded, without a VM (any more): Configured, and deployed when somebody asks for it. */
function decideAbsent(
  worker: WorkerCase,
  desired: DesiredWorker,
  record: WorkerRecord,
  context: WorkerContext,
  because: readonly Reason[],
): Verdict {
  const { state, inventory } = context;
  const views = viewsOf(desired, record, worker.from ?? worker.name, state, undefined, undefined);
  const named = imageNameChange(record, desired.spec);
  const changes = [...(named === undefined ? [] : [named]), ...diffAttributes(views)];
  const stopped = interrupted(record, state, inventory.cluster.time);
  const begun = stopped && isMaking(record) && record.vm === undefined;
  const launch = launchOf(desired, context);
  const rename: readonly ActionKind[] = worker.from === undefined ? [] : ['rename'];
  const needsRecord = changes.length > 0 || because.includes('vm-gone') || stopped;
  const configure: readonly ActionKind[] =
    needsRecord || because.includes('node-gone') ? ['configure'] : [];
  const deploy: readonly ActionKind[] = begun || because.includes('interrupted') ? ['deploy'] : [];
  return {
    ...NOTHING,
    actions: withoutSpare(inOrder([...rename, ...configure, ...deploy, ...launch.actions])),
    reasons: unique<Reason>([
      ...(worker.from === undefined ? [] : (['renamed'] as const)),
      ...because,
      ...(changes.length > 0 ? (['declaration-changed'] as const) : []),
      ...(stopped ? (['interrupted'] as const) : []),
      ...launch.reasons,
    ]),
    changes,
  };
}

/** A deploy records the worker too: one of {configure, deploy, update, replace}, new workers excepted. */
function withoutSpare(actions: readonly ActionKind[]): readonly ActionKind[] {
  return actions.includes('deploy') ? actions.filter((action) => action !== 'configure') : actions;
}

function isMaking({ doing }: WorkerRecord): boolean {
  return doing !== undefined && doing.action !== 'destroy' && doing.vmid !== undefined;
}

/** What eager workers and `--test` ask for. */
function launchOf(
  { spec }: DesiredWorker,
  { options }: WorkerContext,
): { readonly actions: readonly ActionKind[]; readonly reasons: readonly Reason[] } {
  if (!spec.enabled) return { actions: [], reasons: [] };
  if (options.test) return { actions: ['deploy', 'test'], reasons: ['requested'] };
  return spec.deploy === 'eager'
    ? { actions: ['deploy'], reasons: ['eager'] }
    : { actions: [], reasons: [] };
}
