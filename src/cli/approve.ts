import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { PlanCluster } from '../model/plan.ts';
import { escapeTerminal } from '../report/escape/terminal.ts';
import type { Invocation } from './invocation.ts';

/** How somebody agrees to a plan. */
export type Approval =
  /** A saved plan, a digest that matches, or --auto-approve: agreed already. */
  | { readonly kind: 'given' }
  | { readonly kind: 'yes' }
  /** Everything is destroyed: the cluster's name must be typed. */
  | { readonly kind: 'name' };

/** Asks where it must. False: the answer was another one. Throws where nobody can be asked. */
export async function approve(
  { context, globals }: Pick<Invocation, 'context' | 'globals'>,
  cluster: Pick<PlanCluster, 'name' | 'endpoint'>,
  approval: Approval,
): Promise<boolean> {
  if (approval.kind === 'given') return true;
  if (!globals.input || globals.json || !context.stdout.isTTY) throw nobodyToAsk();
  const name = cluster.name ?? cluster.endpoint;
  const shown = escapeTerminal(name);
  const question =
    approval.kind === 'yes'
      ? `Apply this to cluster ${shown}? Only "yes" is accepted: `
      : `This destroys every worker's VM. Type the cluster's name (${shown}) to go on: `;
  const answer = await context.prompt(`\n${question}`);
  if (answer === undefined) throw nobodyToAsk();
  return answer.trim() === (approval.kind === 'yes' ? 'yes' : name);
}

function nobodyToAsk(): DiagnosticsError {
  return new DiagnosticsError([
    problem(
      'not-approved',
      'nobody can be asked here, and nothing says that this plan is agreed to',
      'Apply a saved plan (plan --out F, apply F), or give --expect-digest D or --auto-approve.',
      ['Nothing was changed.'],
    ),
  ]);
}
