import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { lookup } from '../model/lookup.ts';
import { formatDuration } from '../model/quantity.ts';
import { describeRun } from '../model/runs.ts';
import type { RunRecord } from '../model/state.ts';
import { recordDeclared } from '../model/transitions.ts';
import type { SessionInput } from './session-context.ts';

const ASK_EVERY_MS = 10_000;
/** Exit code: a needed worker is leased. */
const LEASED = 4;

/**
 * Leases the session's workers in one write; new ones are recorded first. One that was asked for by name must
 * be had, and at least `minWorkers` of all, within `waitForWorkers`; otherwise nothing is launched: throws a
 * DiagnosticsError that names the holder. Returns the workers that were had.
 */
export async function gatherWorkers(input: SessionInput): Promise<readonly string[]> {
  const { session, ports, interrupts } = input;
  const { minWorkers, waitForWorkers } = session.guards;
  const wanted = session.workers.map(({ worker }) => worker);
  await recordNew(input, wanted);
  const begun = ports.clock.monotonic();
  for (;;) {
    const { refused } = await input.take(wanted);
    const holders = new Map(refused.map(({ worker, holder }) => [worker, holder]));
    const had = wanted.filter((worker) => !holders.has(worker));
    if (had.length >= Math.max(1, minWorkers)) return had;
    const waitedMs = ports.clock.monotonic() - begun;
    if (waitedMs >= waitForWorkers || interrupts.first.aborted)
      throw notEnough(input, had.length, holders);
    const [first] = holders.values();
    ports.log.emit({
      kind: 'note',
      at: waitedMs,
      message: `waiting-for-workers, ${formatDuration(waitedMs)} of ${formatDuration(waitForWorkers)}: ${first === undefined ? '' : describeRun(first)}`,
    });
    await ports.clock.sleep(Math.min(ASK_EVERY_MS, waitForWorkers - waitedMs), interrupts.first);
  }
}

async function recordNew({ plan, ports }: SessionInput, workers: readonly string[]): Promise<void> {
  await ports.ledger.commit((state) =>
    workers.reduce((next, name) => {
      const desired = plan.workers.find(({ worker }) => worker === name)?.desired;
      if (desired === undefined || lookup(next.workers, name) !== undefined) return next;
      const { file, line } = desired.declaredAt;
      return recordDeclared(next, name, desired.spec, `${file}:${line}`);
    }, state),
  );
}

function notEnough(
  { session }: SessionInput,
  had: number,
  holders: ReadonlyMap<string, RunRecord>,
): DiagnosticsError {
  const needed = Math.max(1, session.guards.minWorkers);
  const detail = [...holders].map(([worker, run]) => `${worker} is leased by ${describeRun(run)}`);
  return new DiagnosticsError(
    [
      problem(
        'workers-leased',
        `session ${session.session} needs ${needed} ${needed === 1 ? 'worker' : 'workers'} and could have ${had}`,
        'Run it again when they are free, or let it wait: guards.waitForWorkers.',
        detail,
      ),
    ],
    LEASED,
  );
}
