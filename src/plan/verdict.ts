import type { Diagnostic } from '../model/diagnostic.ts';
import type { ActionKind, Change, Finding, Reason } from '../model/plan.ts';

/** What the table says about one worker, before it is known whether it can be done now. */
export interface Verdict {
  readonly actions: readonly ActionKind[];
  readonly reasons: readonly Reason[];
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
  readonly problems: readonly Diagnostic[];
  readonly refusals: readonly Diagnostic[];
  readonly frees: readonly string[];
  /** A volume that Muster did not make stands against a destroy or replace. */
  readonly blockedBy?: string;
}

export const NOTHING: Verdict = {
  actions: [],
  reasons: [],
  changes: [],
  findings: [],
  problems: [],
  refusals: [],
  frees: [],
};

const ORDER: readonly ActionKind[] = [
  'shutdown',
  'forget',
  'destroy',
  'adopt',
  'rename',
  'configure',
  'deploy',
  'update',
  'replace',
  'test',
  'session',
];

/** The order in which they are run, each once. */
export function inOrder(actions: readonly ActionKind[]): readonly ActionKind[] {
  return ORDER.filter((action) => actions.includes(action));
}

/** Each once, in the order given. */
export function unique<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)];
}
