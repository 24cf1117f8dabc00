import { type Diagnostic, DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { ActionKind, PlanOptions, WorkerPlan } from '../model/plan.ts';

/** Book-keeping that `--refresh-only` does: the record follows what is found. */
const REFRESHING: readonly ActionKind[] = ['configure', 'forget'];

/** True for workers that `--target` and `--exclude` leave in. */
export function inScope(name: string, { target, exclude, pruneOnly }: PlanOptions): boolean {
  if (pruneOnly !== undefined) return false;
  return (target.length === 0 || target.includes(name)) && !exclude.includes(name);
}

/**
 * Throws for names that no worker has: a typing error must not look like "nothing to do". `pruned`: names under which
 * orphans are destroyed; `--force` is how their volumes are let go.
 */
export function requireKnown(
  options: PlanOptions,
  names: ReadonlySet<string>,
  pruned: ReadonlySet<string> = new Set(),
): void {
  const flags = ['target', 'exclude', 'replace', 'force'] as const;
  const problems = flags.flatMap((flag) =>
    options[flag]
      .filter((name) => !names.has(name) && !(flag === 'force' && pruned.has(name)))
      .map((name): Diagnostic => {
        const known = [...names].sort().slice(0, 20).join(', ');
        return problem('unknown-worker', `--${flag}: there is no worker ${name}`, undefined, [
          `workers: ${known === '' ? 'none' : known}`,
        ]);
      }),
  );
  if (problems.length > 0) throw new DiagnosticsError(problems);
}

/** Leaves only the actions that were asked for; what remains of a worker may be nothing. */
export function restrict(plan: WorkerPlan, options: PlanOptions): WorkerPlan {
  const { only, refreshOnly, destroy } = options;
  if (refreshOnly) return onlyRefreshed(plan);
  const asked: readonly ActionKind[] | undefined = destroy ? ['shutdown', 'destroy'] : only;
  if (asked === undefined) return plan;
  const actions = plan.actions.filter((action) => asked.includes(action));
  if (actions.length === plan.actions.length) return plan;
  if (actions.length === 0) return withoutActions(plan);
  const changes = actions.every((action) => action === 'shutdown')
    ? plan.changes.filter(({ path }) => path === 'power')
    : plan.changes;
  return { ...plan, actions, changes };
}

/** What drifted is shown and nothing is repaired; only a VM or node that is gone changes the record. */
function onlyRefreshed(plan: WorkerPlan): WorkerPlan {
  const gone = plan.reasons.some((reason) => reason === 'vm-gone' || reason === 'node-gone');
  const { held, ...rest } = plan;
  return {
    ...rest,
    ...(held === undefined || (!gone && plan.actions.length > 0) ? {} : { held }),
    actions: gone ? plan.actions.filter((action) => REFRESHING.includes(action)) : [],
    reasons: plan.reasons.filter((reason) => REFRESHED.includes(reason)),
    changes: plan.changes.filter(({ causes }) => causes.includes('drift')),
    frees: [],
  };
}

const REFRESHED: readonly string[] = ['drift', 'vm-gone', 'node-gone', 'left-running', 'run-lost'];

function withoutActions(plan: WorkerPlan): WorkerPlan {
  return { ...plan, actions: [], reasons: [], changes: [], frees: [] };
}
