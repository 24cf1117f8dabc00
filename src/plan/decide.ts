import { type Diagnostic, problem } from '../model/diagnostic.ts';
import type { Finding, WorkerPlan } from '../model/plan.ts';
import type { WorkerRecord } from '../model/state.ts';
import { decideDeclared } from './decide-declared.ts';
import { decideUndeclared } from './decide-undeclared.ts';
import { heldOf } from './held.ts';
import { isBegunUnseen, type Located, locate, refOf } from './identity.ts';
import type { Decision, WorkerCase, WorkerContext } from './plan-input.ts';
import { summaryOf } from './summary.ts';
import { workerFindings } from './worker-findings.ts';

/**
 * What is to be done about one worker (the table of design section 6), as if it were the only one. What
 * depends on the others (ids to be given out, one image replacement per node, guards) is decided by buildPlan.
 */
export function planWorker(worker: WorkerCase, context: WorkerContext): Decision {
  const located = whereIs(worker, context);
  const verdict =
    worker.desired === undefined
      ? decideUndeclared(worker, located, context)
      : decideDeclared(worker, worker.desired, located, context);
  const held = heldOf(worker, verdict.actions, verdict.blockedBy, located, context);
  const findings: readonly Finding[] = [
    ...verdict.findings,
    ...workerFindings(worker, located, verdict.actions, context),
  ];
  const { actions, reasons, changes, frees } = verdict;
  const plan: WorkerPlan = {
    worker: worker.name,
    actions,
    reasons,
    changes,
    ...(held === undefined ? {} : { held }),
    ...declaredPart(worker),
    node: nodeOf(worker, located),
    ...vmPart(worker, located),
    ...(worker.from === undefined ? {} : { from: worker.from }),
    frees,
    ...lastUsed(worker.record),
  };
  const refusals = [...verdict.refusals, ...protectedRequest(plan)];
  return { plan, findings, problems: verdict.problems, refusals };
}

/** Without a refresh, the record is believed. A VM that bears all marks of the worker stands in for one that is gone. */
function whereIs({ name, record, desired }: WorkerCase, context: WorkerContext): Located {
  const { state, inventory, identities, options } = context;
  if (!options.refresh)
    return record?.vm === undefined ? { kind: 'none' } : { kind: 'assumed', ref: record.vm };
  const located: Located =
    record === undefined ? { kind: 'none' } : locate(record, state, inventory, identities);
  const isMissing =
    located.kind === 'none' || (record?.vm !== undefined && located.kind === 'gone');
  const found = isMissing && desired !== undefined ? adoptable(name, context) : undefined;
  return found ?? located;
}

function adoptable(name: string, { identities, state }: WorkerContext): Located | undefined {
  const found = identities.strangers
    .filter((stranger) => stranger.kind === 'ours')
    .find(
      ({ owner }) =>
        owner.worker === name &&
        owner.project === state.project &&
        owner.environment === state.environment,
    );
  if (found === undefined) return undefined;
  return { kind: 'adoptable', vm: found.vm, config: found.config, uuid: found.owner.uuid };
}

/** Somebody asked by name for what protection refuses: that is an error, not a worker that waits. */
function protectedRequest({ worker, held, reasons }: WorkerPlan): readonly Diagnostic[] {
  if (held?.why !== 'protected' || !reasons.includes('requested')) return [];
  return [problem('protected', `${worker} is protected`, held.remedy)];
}

function declaredPart({ desired }: WorkerCase): Partial<WorkerPlan> {
  if (desired === undefined) return {};
  const { declaredAt, set, spec } = desired;
  return {
    declaredAt,
    ...(set === undefined ? {} : { set }),
    desired,
    summary: summaryOf(spec),
  };
}

function nodeOf({ desired, record }: WorkerCase, located: Located): string {
  if (located.kind === 'unfinished') return located.node;
  if ('vm' in located) return located.vm.node;
  return record?.vm?.node ?? desired?.spec.node ?? record?.declared.node ?? '';
}

/** The VM these actions are for. A VM that is gone has none; an id to be given out comes later. */
function vmPart({ record, desired }: WorkerCase, located: Located): Partial<WorkerPlan> {
  const doing = record?.doing;
  const isElsewhere = desired !== undefined && isBegunUnseen(record, located);
  if (located.kind === 'none' || located.kind === 'gone' || isElsewhere) {
    const isFree = located.kind === 'gone' && located.recycled === undefined;
    const begun = isFree && record?.vm === undefined ? doing?.vmid : undefined;
    const vmid = desired?.spec.vmid ?? begun;
    return vmid === undefined ? {} : { vmid };
  }
  if (located.kind === 'adoptable') return { vmid: located.vm.vmid, uuid: located.uuid };
  const ref = record === undefined ? undefined : refOf(record);
  return ref === undefined ? {} : { vmid: ref.vmid, uuid: ref.uuid };
}

/** "nightly on 2026-11-20": by the cluster's clock, in UTC. */
function lastUsed(record: WorkerRecord | undefined): Partial<WorkerPlan> {
  if (record?.last.session === undefined) return {};
  const { name, at } = record.last.session;
  return { lastUsed: `${name} on ${new Date(at).toISOString().slice(0, 10)}` };
}
