import type { HeldWhy, Plan } from '../../model/plan.ts';
import { anythingToDo, countPlan, type PlanCounts } from '../../model/plan-counts.ts';
import { codeSpan, markerWord } from '../escape/markdown.ts';
import { count } from '../words.ts';

/** What a comment is about. */
export interface Subject {
  /** Empty: it could not be read. */
  readonly project: string;
  readonly environment: string;
}

/** The kinds of comment; each is rewritten only by its own kind. */
export type About = 'plan' | 'drift' | 'apply' | 'session';

/** The first line, by which a bot finds the comment to rewrite; it is compared as a whole line. */
export function marker(what: About, subject: Subject): string {
  const { project, environment } = subject;
  return `<!-- muster:${what} project=${markerWord(project)} environment=${markerWord(environment)} -->`;
}

/** "Muster plan `production`"; without an environment the project's name stands there. */
export function heading(what: string, { project, environment }: Subject, verdict: string): string {
  const name = environment === '' ? project : environment;
  const shown = name === '' ? '' : ` ${codeSpan(name)}`;
  return `### Muster ${what}${shown}: ${verdict}`;
}

/** "1 destroy, 1 replace, 2 change", or that there is nothing to do. */
export function verdict(plan: Plan): string {
  const parts = countWords(countPlan(plan));
  const planned = parts.length === 0 ? '' : ` (${parts.join(', ')})`;
  if (hasFailed(plan)) return `:x: preflight failed${planned}`;
  if (plan.refusals.length > 0) return `:no_entry: refused${planned}`;
  if (anythingToDo(plan)) return parts.join(', ');
  const isHeld = plan.workers.some(({ held }) => held !== undefined);
  return isHeld ? ':hourglass: nothing to do now' : ':white_check_mark: nothing to do';
}

/** The line below the title: what is lost, what waits, what was changed by others. */
export function consequences(plan: Plan): string {
  const counts = countPlan(plan);
  return [dangerWords(plan, counts), heldWords(counts), driftWords(counts)]
    .filter((part) => part !== '')
    .join(' ');
}

/** True when nothing of this plan can be applied. */
export function isBlocked(plan: Plan): boolean {
  return hasFailed(plan) || plan.refusals.length > 0;
}

function hasFailed({ preflight }: Plan): boolean {
  return preflight.some(({ result }) => result === 'fail');
}

function countWords({ strongest, tests }: PlanCounts): readonly string[] {
  const pairs: readonly (readonly [number, string])[] = [
    [strongest.destroy, 'destroy'],
    [strongest.replace, 'replace'],
    [strongest.shutdown, 'power off'],
    [strongest.update + strongest.adopt + strongest.rename, 'change'],
    [strongest.deploy, 'deploy'],
    [strongest.configure, 'configure'],
    [tests, 'test'],
    [strongest.forget, 'forget'],
  ];
  return pairs.filter(([number]) => number > 0).map(([number, word]) => `${number} ${word}`);
}

function dangerWords(plan: Plan, { strongest }: PlanCounts): string {
  const { destroy, replace } = strongest;
  const deleted = destroy + replace;
  if (deleted === 0) return anythingToDo(plan) && !isBlocked(plan) ? 'No VM is deleted.' : '';
  const some = deleted === 1 ? 'it' : replace === deleted ? 'all of them' : `${replace} of them`;
  const words = replace === 0 ? '' : `, makes ${some} anew`;
  const verb = isBlocked(plan) ? 'Would delete' : 'Deletes';
  return `:warning: **${verb} ${count(deleted, 'VM')}${words}.**`;
}

function heldWords({ held }: PlanCounts): string {
  const pairs = Object.entries(held) as [HeldWhy, number][];
  if (pairs.length === 0) return '';
  return `Held: ${pairs.map(([why, number]) => `${number} ${why}`).join(', ')}.`;
}

function driftWords({ drifted }: PlanCounts): string {
  return drifted === 0 ? '' : `${drifted} drifted.`;
}
