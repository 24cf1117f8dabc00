import { digestOf } from '../model/digest.ts';
import { sameJson } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import type { Finding, WorkerPlan } from '../model/plan.ts';
import type { State } from '../model/state.ts';

/** A worker that goes and one that comes and differ only in name were probably meant as a rename. */
export function renameHints(workers: readonly WorkerPlan[], state: State): readonly Finding[] {
  const coming = new Map<string, string[]>();
  for (const { worker, actions, desired } of workers) {
    if (!actions.includes('configure') || desired === undefined) continue;
    if (lookup(state.workers, worker) !== undefined) continue;
    const key = digestOf(desired.spec);
    coming.set(key, [...(coming.get(key) ?? []), worker]);
  }
  return workers.flatMap(({ worker, actions }) => {
    const declared = lookup(state.workers, worker)?.declared;
    if (!actions.includes('destroy') || declared === undefined) return [];
    const names = coming.get(digestOf(declared)) ?? [];
    const name = names.shift();
    if (name === undefined || sameJson(name, worker)) return [];
    return [
      {
        code: 'rename-hint',
        worker,
        message: `${worker} goes and ${name} comes, and they differ only in name`,
        remedy: `If it is one worker, keep its VM: renamed: { ${worker}: ${name} }`,
      },
    ];
  });
}
