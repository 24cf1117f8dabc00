/**
 * A process that counts in the state, with short breaths so that others get their turn: `writer.mjs PATH NAME kernel|files|http [once]`
 * (PATH is an address for http). Prints each
 * count after its write was acknowledged.
 */
import { emptyState } from '../../../src/model/state.ts';
import { openLedger } from '../../../src/state/ledger.ts';
import { realClock } from './clocks.ts';
import { openHttpStore } from './http.ts';
import { openTestStore } from './local.ts';
import { LINEAGE } from './states.ts';

const [, , path = '', name = '', locks, once] = process.argv;

const store =
  locks === 'http'
    ? await openHttpStore({ backend: 'http', address: path, options: { lockAddress: path } })
    : openTestStore(path, locks === 'files' ? { loadKernelLock: async () => undefined } : {});

/** The server may be down for a while; what a failed write has done is read before the next one. */
async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (locks !== 'http') throw error;
      await realClock.sleep(50);
    }
  }
}

const ledger = await untilDone(() =>
  openLedger({
    store,
    initial: () => emptyState(LINEAGE, 'backup', ''),
    runId: name,
    clock: realClock,
  }),
);

do {
  const state = await untilDone(() =>
    ledger.commit((before) => {
      const count = before.nodes[name]?.cpus ?? 0;
      return { ...before, nodes: { ...before.nodes, [name]: { cpus: count + 1, memory: 0 } } };
    }),
  );
  process.stdout.write(`${state.nodes[name]?.cpus}\n`);
  await realClock.sleep(3);
} while (once === undefined);
