import { DEFAULT_PLAN_OPTIONS, type Plan } from '../../model/plan.ts';
import { expand } from '../../plan/expand.ts';
import { expandFactsOf } from '../../plan/expand-facts.ts';
import { dotGraph, type GraphWorker, mermaidGraph, plannedBox } from '../../report/graph.ts';
import { assembleQuickly, withProject } from '../assemble.ts';
import { choiceOf } from '../flags.ts';
import type { Invocation } from '../invocation.ts';

/** Draws the workers on their nodes, each with what the plan would do. */
export async function runGraph(invocation: Invocation): Promise<number> {
  const format = choiceOf(invocation.flags, 'format', ['mermaid', 'dot']) ?? 'mermaid';
  return withProject(invocation, async (open) => {
    const { inventory, plan } = await assembleQuickly(invocation, open, DEFAULT_PLAN_OPTIONS);
    const facts = expandFactsOf(inventory, open.state);
    const { desired } = expand(open.project.declaration, facts);
    const declared = desired.workers.map(({ name, spec }) => ({ worker: name, node: spec.node }));
    const workers = graphWorkers(declared, plan);
    invocation.context.stdout.write(format === 'dot' ? dotGraph(workers) : mermaidGraph(workers));
    return 0;
  });
}

/** Those of the plan, and the declared ones that it leaves alone. */
function graphWorkers(
  declared: readonly { readonly worker: string; readonly node: string }[],
  plan: Plan,
): readonly GraphWorker[] {
  const planned = new Set(plan.workers.map(({ worker }) => worker));
  return [
    ...declared
      .filter(({ worker }) => !planned.has(worker))
      .map((worker) => ({ ...worker, remark: 'unchanged' })),
    ...plan.workers.map(plannedBox),
  ];
}
