import type { WorkerPlan } from '../../model/plan.ts';
import { folded } from '../escape/markdown.ts';
import { mermaidGraph, plannedBox } from '../graph.ts';
import { count } from '../words.ts';

/** More boxes than this are a wall, not a picture. */
const MOST_WORKERS = 50;

/**
 * Which workers of a plan share a node, as a folded picture. Nothing where the table says as much: on one node, with
 * one worker per node, or with too many.
 */
export function nodePicture(workers: readonly WorkerPlan[]): string {
  const nodes = new Set(workers.map(({ node }) => node)).size;
  if (nodes < 2 || nodes === workers.length || workers.length > MOST_WORKERS) return '';
  const graph = mermaidGraph(workers.map(plannedBox)).trimEnd();
  const title = `<b>Nodes</b> (${count(workers.length, 'worker')} on ${nodes} nodes)`;
  return folded(title, `\`\`\`mermaid\n${graph}\n\`\`\``);
}
