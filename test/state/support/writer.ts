/**
 * A process that counts in the state, with short breaths so that others get their turn: `writer.mjs PATH NAME kernel|files [once]`. Prints each
 * count after its write was acknowledged.
 */
import { emptyState } from '../../../src/model/state.ts';
import { openLedger } from '../../../src/state/ledger.ts';
import { realClock } from './clocks.ts';
import { openTestStore } from './local.ts';
import { LINEAGE } from './states.ts';

const [, , path = '', name = '', locks, once] = process.argv;

const store = openTestStore(
  path,
  locks === 'files' ? { loadKernelLock: async () => undefined } : {},
);
const ledger = await openLedger({
  store,
  initial: () => emptyState(LINEAGE, 'backup', ''),
  runId: name,
  clock: realClock,
});

do {
  const state = await ledger.commit((before) => {
    const count = before.nodes[name]?.cpus ?? 0;
    return { ...before, nodes: { ...before.nodes, [name]: { cpus: count + 1, memory: 0 } } };
  });
  process.stdout.write(`${state.nodes[name]?.cpus}\n`);
  await realClock.sleep(3);
} while (once === undefined);
