import { digestOf } from '../model/digest.ts';
import { byCodeUnit } from '../model/json.ts';
import type { Plan, WorkerPlan } from '../model/plan.ts';
import type { SessionPlan } from '../model/session-plan.ts';

/**
 * What a reviewer agrees to: 64 hex digits over what would be done. Serial, time, versions, places in the
 * text, findings, what is held just now and workers without actions do not take part.
 */
export function reviewDigest(plan: Omit<Plan, 'reviewDigest'>): string {
  const { refresh: _, ...options } = plan.options;
  return digestOf({
    project: plan.project,
    environment: plan.environment,
    cluster: plan.cluster.name ?? '',
    options,
    workers: plan.workers.filter(({ actions }) => actions.length > 0).map(reviewed),
    ...(plan.session === undefined ? {} : { session: reviewedSession(plan.session) }),
  });
}

/** What is run, for which VMs and within which limits; not where a VM is just now, nor how long it all will take. */
function reviewedSession(plan: SessionPlan): unknown {
  const { session, kind, selects, placement, reserve, guards, repositories, items } = plan;
  return {
    ...{ session, kind, selects, placement, reserve, guards, repositories },
    items: items
      .map(({ item: { estimate: _, vm, ...item } }) => ({ ...item, vm: vm?.vmid, of: vm?.name }))
      .sort((a, b) => byCodeUnit(a.name, b.name)),
  };
}

function reviewed(plan: WorkerPlan): unknown {
  return {
    worker: plan.worker,
    from: plan.from,
    actions: plan.actions,
    node: plan.node,
    vmid: plan.vmid,
    uuid: plan.uuid,
    changes: plan.changes.map(({ path, before, after }) => ({ path, before, after })),
    frees: plan.frees,
    spec: plan.desired?.spec,
  };
}
