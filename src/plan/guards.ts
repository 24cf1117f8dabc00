import type { Guards } from '../model/declaration.ts';
import { type Diagnostic, problem } from '../model/diagnostic.ts';
import type { WorkerPlan } from '../model/plan.ts';

/** Guards that these workers break, and the workers with what is guarded held back. */
export function applyGuards(
  workers: readonly WorkerPlan[],
  guards: Guards,
): { readonly workers: readonly WorkerPlan[]; readonly refusals: readonly Diagnostic[] } {
  const counted = (['destroy', 'replace'] as const).flatMap((action) => {
    const limit = action === 'destroy' ? guards.maxDestroy : guards.maxReplace;
    const names = namesWith(workers, action);
    if (limit === undefined || names.length <= limit) return [];
    const name = action === 'destroy' ? 'maxDestroy' : 'maxReplace';
    return [{ action, name: `guards.${name} ${limit}`, names }];
  });
  const forbidden = guards.forbid.flatMap((action) => {
    const names = namesWith(workers, action);
    return names.length === 0 ? [] : [{ action, name: `guards.forbid ${action}`, names }];
  });
  const broken = [...counted, ...forbidden];
  return {
    workers: workers.map((worker) => {
      const guard = broken.find(({ names }) => names.includes(worker.worker));
      if (guard === undefined) return worker;
      return {
        ...worker,
        held: {
          why: 'guard',
          by: guard.name,
          remedy: 'Raise it in muster.yaml, or leave some workers out with --exclude.',
        },
      };
    }),
    refusals: broken.map(({ action, name, names }) =>
      problem(
        'guard',
        `this plan would ${action} ${names.length} ${names.length === 1 ? 'worker' : 'workers'}: more than ${name} allows`,
        'Raise the guard in muster.yaml, or leave some workers out with --exclude.',
        [...names],
      ),
    ),
  };
}

/** A lease or a lock ends by itself, and `--wait` goes on then: workers held by nothing else count too. */
function namesWith(workers: readonly WorkerPlan[], action: string): readonly string[] {
  return workers
    .filter(({ held }) => held === undefined || held.why === 'leased' || held.why === 'locked')
    .filter(({ actions }) => actions.some((kind) => kind === action))
    .map(({ worker }) => worker);
}
