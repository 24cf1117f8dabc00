import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { StateRead, StateStore } from '../model/ports.ts';
import { describeRun, isExpired } from '../model/runs.ts';
import { keepBackup } from './edit-state.ts';
import { EXIT_CODES } from './exit-code.ts';
import type { Invocation } from './invocation.ts';

/**
 * The store, with one thing before a state of an older format is replaced: it is kept as it was. Not while runs
 * live on it: the Muster that they are of could not read what is written, and would leave its workers on.
 */
export function keepingOlder(store: StateStore, invocation: Invocation): StateStore {
  let latest: StateRead | undefined;
  return {
    ...store,
    read: async () => {
      latest = await store.read();
      return latest;
    },
    write: async (next, basedOn) => {
      if (latest?.state !== undefined && latest.older !== undefined) {
        const { runs } = latest.state;
        const now = invocation.context.clock.now();
        const alive = Object.values(runs).filter((run) => !isExpired(run, now));
        if (alive.length > 0) throw inUse(latest.older.format, alive.map(describeRun));
        await keepBackup(invocation, latest.state, latest.older);
      }
      const written = await store.write(next, basedOn);
      if (written.kind === 'written') latest = undefined;
      return written;
    },
  };
}

function inUse(format: number, runs: readonly string[]): DiagnosticsError {
  const message = `the state has the older format ${format}, and is in use: ${runs.join('; ')}`;
  const remedy = 'Apply again when that run has ended: its Muster may not know the newer format.';
  const problems = [problem('in-use', message, remedy, ['Nothing was changed.'])];
  return new DiagnosticsError(problems, EXIT_CODES.locked);
}
