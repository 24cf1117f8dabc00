import type { SessionSpec } from '../model/declaration.ts';
import type { SessionKind } from '../model/session.ts';
import type { ExpandedItem } from './expand-items.ts';

const TIMEOUT_MS = 4 * 3600_000;

/** A session from the command line: one command, once in each of these workers. */
export interface AdHocSession {
  readonly spec: SessionSpec;
  readonly items: readonly ExpandedItem[];
}

/** `argv` is taken literally: what looks like a placeholder there is meant for the command itself. */
export function adHocSession(
  kind: SessionKind,
  workers: readonly string[],
  argv: readonly string[],
): AdHocSession {
  const names = [...new Set(workers)];
  const spec: SessionSpec = {
    kind,
    workers: { names },
    placement: 'any',
    items: [],
    guards: { minItems: 0, minWorkers: names.length, waitForWorkers: 0 },
    reserve: 0,
    env: {},
  };
  const run = argv.map((word) => word.replaceAll('${', () => '$${'));
  const items = names.map((worker): ExpandedItem => {
    return { name: worker, run, env: {}, timeout: TIMEOUT_MS, retries: 0, worker };
  });
  return { spec, items };
}
