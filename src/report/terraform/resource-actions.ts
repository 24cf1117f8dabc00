import { assertNever } from '../../model/assert-never.ts';
import type { ActionKind, Plan, WorkerPlan } from '../../model/plan.ts';
import { strongest } from '../../model/plan-counts.ts';

export type ResourceAction = 'no-op' | 'create' | 'update' | 'delete' | 'forget';

/**
 * What a plan of Terraform's would call it. A worker exists from its first configure on; deploying, testing or
 * powering it off changes it. Held ones do nothing now.
 */
export function resourceActions(worker: WorkerPlan): readonly ResourceAction[] {
  const kind = worker.held === undefined ? strongest(worker.actions) : undefined;
  switch (kind) {
    case undefined:
      return ['no-op'];
    case 'destroy':
      return ['delete'];
    case 'replace':
      return ['delete', 'create'];
    case 'forget':
      return ['forget'];
    case 'configure':
    case 'deploy':
      return isNew(worker) ? ['create'] : ['update'];
    case 'shutdown':
    case 'update':
    case 'adopt':
    case 'rename':
    case 'session':
    case 'test':
      return ['update'];
    default:
      return assertNever(kind);
  }
}

/**
 * The same of one action of a worker while it is done, in the words of Terraform's event stream. A new worker is
 * created by its configure, once: whatever follows changes what is there.
 */
export function actionInProgress(action: ActionKind, planned: WorkerPlan | undefined): string {
  switch (action) {
    case 'configure':
      return planned !== undefined && isNew(planned) ? 'create' : 'update';
    case 'destroy':
      return 'delete';
    case 'forget':
      return 'remove';
    case 'replace':
      return 'replace';
    case 'deploy':
    case 'shutdown':
    case 'update':
    case 'adopt':
    case 'rename':
    case 'session':
    case 'test':
      return 'update';
    default:
      return assertNever(action);
  }
}

export type ResourceCounts = Readonly<Record<ResourceAction, number>>;

/** Workers by action; a replaced one is counted twice, as one to delete and one to create. */
export function countResources(plan: Pick<Plan, 'workers'>): ResourceCounts {
  const counts = { 'no-op': 0, create: 0, update: 0, delete: 0, forget: 0 };
  for (const worker of plan.workers)
    for (const action of resourceActions(worker)) counts[action] += 1;
  return counts;
}

function isNew({ reasons }: WorkerPlan): boolean {
  return reasons.includes('new') || reasons.includes('new-node');
}
