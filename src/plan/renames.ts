import type { Declaration } from '../model/declaration.ts';
import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import { expandPlaceholders } from '../model/placeholder.ts';
import type { State } from '../model/state.ts';
import type { Desired, DesiredWorker } from '../model/worker.ts';

/**
 * New name → old name, for workers whose record stands under the old one. A rename whose old name is still
 * declared, or whose new name is recorded already, is done and means nothing any more.
 */
export function renamesOf(
  declaration: Declaration,
  desired: Desired,
  state: State,
): ReadonlyMap<string, string> {
  const declared = new Set(desired.workers.map(({ name }) => name));
  const entries = Object.entries(declaration.renamed).sort(([a], [b]) => byCodeUnit(a, b));
  if (entries.length === 0) return new Map();
  const taken = new Set<string>();
  const renames = new Map<string, string>();
  for (const worker of desired.workers) {
    if (lookup(state.workers, worker.name) !== undefined) continue;
    const old = entries
      .map(([from, to]) => oldName(worker, from, to))
      .find(
        (name) =>
          name !== undefined &&
          !declared.has(name) &&
          !taken.has(name) &&
          lookup(state.workers, name) !== undefined,
      );
    if (old === undefined) continue;
    taken.add(old);
    renames.set(worker.name, old);
  }
  return renames;
}

function oldName({ name, spec }: DesiredWorker, from: string, to: string): string | undefined {
  const scope = { node: spec.node };
  return expandPlaceholders(to, scope) === name ? expandPlaceholders(from, scope) : undefined;
}
