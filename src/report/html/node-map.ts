import { byCodeUnit } from '../../model/json.ts';
import type { WorkerPlan } from '../../model/plan.ts';
import { slug } from './page.ts';
import { kindOf, text } from './worker-sections.ts';

/** One box per node with the workers of this plan on it. */
export function nodeMap(workers: readonly WorkerPlan[]): string {
  const nodes = [...new Set(workers.map(({ node }) => node))].sort(byCodeUnit);
  const boxes = nodes.map((node) => {
    const chips = workers
      .filter((worker) => worker.node === node)
      .map((worker) => {
        const kind = kindOf(worker);
        return `<li class="k-${slug(kind)}"><b>${text(worker.worker)}</b> ${kind}</li>`;
      });
    return `<section class="node"><h3>${text(node)}</h3><ul>${chips.join('')}</ul></section>`;
  });
  return `<div class="nodes">${boxes.join('')}</div>`;
}
