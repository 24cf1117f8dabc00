import { assertNever } from '../model/assert-never.ts';
import type { Finding, Reason } from '../model/plan.ts';
import type { WorkerRecord } from '../model/state.ts';
import type { Located } from './identity.ts';
import type { WorkerCase, WorkerContext } from './plan-input.ts';
import { POWER_OFF, shutdownReason } from './power.ts';
import { refusalOf } from './refusals.ts';
import { inOrder, NOTHING, type Verdict } from './verdict.ts';
import { foreignVolumes, freedVolumes } from './volumes.ts';

/** A recorded worker that the declaration does not name (any more). */
export function decideUndeclared(
  worker: WorkerCase,
  located: Located,
  context: WorkerContext,
): Verdict {
  const { record } = worker;
  if (record === undefined) return NOTHING;
  if (worker.removed === true) return { ...NOTHING, actions: ['forget'], reasons: ['removed'] };
  switch (located.kind) {
    case 'none':
      return { ...NOTHING, actions: ['forget'], reasons: ['undeclared'] };
    case 'gone':
      return {
        ...NOTHING,
        actions: ['forget'],
        reasons: ['undeclared', ...(record.vm === undefined ? [] : (['vm-gone'] as const))],
      };
    case 'node-gone':
      return {
        ...NOTHING,
        actions: ['forget'],
        reasons: ['node-gone'],
        findings: [nodeGoneFinding(worker.name, record)],
      };
    case 'unreachable':
    case 'invisible':
    case 'unfinished':
    case 'assumed':
      return { ...NOTHING, actions: ['destroy'], reasons: ['undeclared'] };
    case 'ambiguous':
    case 'adoptable':
      return NOTHING;
    case 'ours':
      return destroy(worker, record, located, context);
    default:
      return assertNever(located);
  }
}

function destroy(
  worker: WorkerCase,
  record: WorkerRecord,
  located: Extract<Located, { kind: 'ours' }>,
  context: WorkerContext,
): Verdict {
  const off = shutdownReason(worker, located, context);
  const foreign = context.options.force.includes(worker.name)
    ? []
    : foreignVolumes(located.config, record.observed);
  const reasons: readonly Reason[] = [
    ...(off === undefined ? [] : [off]),
    'undeclared',
    ...(context.options.destroy ? (['requested'] as const) : []),
  ];
  return {
    ...NOTHING,
    actions: inOrder([...(off === undefined ? [] : (['shutdown'] as const)), 'destroy']),
    reasons,
    changes: off === undefined ? [] : [POWER_OFF],
    frees: freedVolumes(located.config),
    ...(foreign.length === 0
      ? {}
      : {
          blockedBy: foreign.join(', '),
          refusals: [refusalOf(worker.name, located.vm.vmid, foreign)],
        }),
  };
}

function nodeGoneFinding(name: string, record: WorkerRecord): Finding {
  const node = record.vm?.node ?? record.declared.node;
  const vm = record.vm === undefined ? '' : ` (vm ${record.vm.vmid})`;
  return {
    code: 'node-gone',
    worker: name,
    node,
    message: `${node}, the node of ${name}${vm}, is not in the cluster any more; its record is dropped`,
    remedy: 'If the node comes back, delete that VM there, or adopt it by declaring the worker.',
  };
}
