import { byCodeUnit } from '../model/json.ts';
import type { WorkerPlan } from '../model/plan.ts';
import { escapeTerminal } from './escape/terminal.ts';

export interface GraphWorker {
  readonly worker: string;
  readonly node: string;
  /** A word or two: what the plan does with it. */
  readonly remark: string;
}

/** A worker with what the plan does with it. */
export function plannedBox({ worker, node, actions, held }: WorkerPlan): GraphWorker {
  const words = actions.length === 0 ? 'nothing' : actions.join(', ');
  return { worker, node, remark: held === undefined ? words : `${words}, held: ${held.why}` };
}

/** Workers per node as a Mermaid flowchart, which GitHub and GitLab draw. */
export function mermaidGraph(workers: readonly GraphWorker[]): string {
  const lines = byNode(workers).flatMap(([node, members], index) => [
    `  subgraph n${index}["${mermaidText(node)}"]`,
    ...members.map(
      ({ worker, remark }, member) =>
        `    n${index}w${member}["${mermaidText(`${worker}: ${remark}`)}"]`,
    ),
    '  end',
  ]);
  return `${['flowchart LR', ...lines].join('\n')}\n`;
}

/** The same for Graphviz. */
export function dotGraph(workers: readonly GraphWorker[]): string {
  const lines = byNode(workers).flatMap(([node, members], index) => [
    `  subgraph cluster_${index} {`,
    `    label=${dotText(node)};`,
    ...members.map(
      ({ worker, remark }) => `    ${dotText(worker)} [label=${dotText(`${worker}: ${remark}`)}];`,
    ),
    '  }',
  ]);
  return `${['digraph muster {', '  node [shape=box];', ...lines, '}'].join('\n')}\n`;
}

function byNode(
  workers: readonly GraphWorker[],
): readonly (readonly [string, readonly GraphWorker[]])[] {
  const nodes = new Map<string, GraphWorker[]>();
  for (const worker of [...workers].sort((a, b) => byCodeUnit(a.worker, b.worker))) {
    const members = nodes.get(worker.node);
    if (members === undefined) nodes.set(worker.node, [worker]);
    else members.push(worker);
  }
  return [...nodes].sort(([a], [b]) => byCodeUnit(a, b));
}

/** Whatever Mermaid could read as syntax or HTML is written as its code. */
function mermaidText(text: string): string {
  return escapeTerminal(text).replace(
    /[^\p{L}\p{N} .:_-]/gu,
    (character) => `#${character.codePointAt(0) ?? 63};`,
  );
}

function dotText(text: string): string {
  return `"${escapeTerminal(text).replace(/["\\]/g, '\\$&')}"`;
}
