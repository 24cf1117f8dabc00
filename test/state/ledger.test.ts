import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import { StateMoved } from '../../src/model/errors.ts';
import type { Ledger, StateStore } from '../../src/model/ports.ts';
import { emptyState, type State } from '../../src/model/state.ts';
import { openLedger } from '../../src/state/ledger.ts';
import { type MemoryStore, memoryStore } from './support/memory-store.ts';
import { LINEAGE, stateWith } from './support/states.ts';

/** Sleeps pass at once: only how often is of interest here. */
const hastyClock = { now: () => 0, monotonic: () => 0, sleep: async () => {} };

function open(store: StateStore, runId = 'r1', first: State = empty): Promise<Ledger> {
  return openLedger({ store, initial: () => first, runId, clock: hastyClock });
}

const empty = emptyState(LINEAGE, 'backup', '');

/** Adds to a counter, so that each change that is applied twice or lost is seen. */
function add(name: string, amount = 1): (state: State) => State {
  return (state) => ({
    ...state,
    nodes: {
      ...state.nodes,
      [name]: { cpus: (state.nodes[name]?.cpus ?? 0) + amount, memory: 0 },
    },
  });
}

function count(state: State | undefined, name: string): number {
  return state?.nodes[name]?.cpus ?? 0;
}

/** A store whose next write waits until it is let go. */
function slowStore(store: MemoryStore) {
  const gates: (() => void)[] = [];
  return {
    ...store,
    write: async (next: State, basedOn: string) => {
      await new Promise<void>((resolve) => gates.push(resolve));
      return store.write(next, basedOn);
    },
    letGo: async () => {
      gates.shift()?.();
      for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    },
  };
}

describe('group commit', () => {
  it('writes what is queued during a write in the next one, all together', async () => {
    const memory = memoryStore();
    const store = slowStore(memory);
    const ledger = await open(store);
    const first = ledger.commit(add('a'));
    await store.letGo();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    const others = Array.from({ length: 50 }, (_, i) => ledger.commit(add(`n${i}`)));
    await store.letGo();
    await first;
    await store.letGo();
    await store.letGo();
    await Promise.all(others);
    expect(memory.writes()).toBeLessThanOrEqual(3);
    expect(Object.keys(ledger.current().nodes)).toHaveLength(51);
  });

  it('resolves only when a write that holds the change is durable (P47)', async () => {
    const memory = memoryStore();
    const store = slowStore(memory);
    const ledger = await open(store);
    let isSaved = false;
    const commit = ledger.commit(add('a')).then(() => {
      isSaved = true;
    });
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    expect(isSaved).toBe(false);
    expect(ledger.current()).toEqual(empty);
    await store.letGo();
    await commit;
    expect(count((await memory.read()).state, 'a')).toBe(1);
  });

  it('writes nothing for a change that changes nothing', async () => {
    const store = memoryStore();
    const ledger = await open(store);
    expect(await ledger.commit((state) => state)).toEqual(empty);
    await ledger.commit((state) => ({ ...state, nodes: {} }));
    expect(store.writes()).toBe(0);
  });

  it('rejects only the change that throws, and saves the others of its group', async () => {
    const store = memoryStore();
    const ledger = await open(store);
    const good = [ledger.commit(add('a')), ledger.commit(add('b'))];
    const bad = ledger.commit(() => {
      throw new Error('no such worker');
    });
    await expect(bad).rejects.toThrow('no such worker');
    await Promise.all(good);
    expect(store.writes()).toBe(1);
  });

  it('refuses a change of what a state is: its lineage, serial, project', async () => {
    const ledger = await open(memoryStore());
    const change = ledger.commit((state) => ({ ...state, lineage: 'other-lineage' }));
    await expect(change).rejects.toThrow("must not touch the state's lineage");
  });
});

describe('two runs with one state', () => {
  it('apply their changes to what the other left', async () => {
    const store = memoryStore();
    const [one, two] = [await open(store, 'r1'), await open(store, 'r2')];
    await one.commit(add('a'));
    await two.commit(add('a'));
    await one.commit(add('a'));
    expect(count((await store.read()).state, 'a')).toBe(3);
    expect(count(two.current(), 'a')).toBe(2);
    expect(count(await two.refresh(), 'a')).toBe(3);
  });

  it('agree on the lineage of whoever wrote first', async () => {
    const store = memoryStore();
    const one = await open(store, 'r1');
    const two = await open(store, 'r2', emptyState('other-lineage', 'backup', ''));
    await one.commit(add('a'));
    expect((await two.commit(add('b'))).lineage).toBe(LINEAGE);
  });

  it('give up with StateMoved when others always come first, and can go on later', async () => {
    const store = memoryStore(stateWith());
    let isBusy = true;
    let tries = 0;
    const ledger = await open({
      ...store,
      write: async (next, basedOn) => {
        tries += 1;
        return isBusy ? { kind: 'moved' } : store.write(next, basedOn);
      },
    });
    await expect(ledger.commit(add('a'))).rejects.toThrow(StateMoved);
    expect(tries).toBeLessThan(100);
    isBusy = false;
    expect(count(await ledger.commit(add('a')), 'a')).toBe(1);
  });
});

describe('a failed write', () => {
  it('is told to all that waited for it, and nothing later builds on a guess', async () => {
    const store = memoryStore();
    const ledger = await open(store);
    store.failNext('lost');
    await expect(ledger.commit(add('a'))).rejects.toThrow('the answer was lost');
    expect(count(await ledger.commit((state) => state), 'a')).toBe(1);
    expect(count(await ledger.commit(add('a')), 'a')).toBe(2);
    store.failNext('refused');
    await expect(ledger.commit(add('a'))).rejects.toThrow('the disk is on fire');
    expect(count(await ledger.commit(add('b')), 'a')).toBe(2);
  });
});

describe('another’s state', () => {
  it.each([
    ['project', emptyState(LINEAGE, 'other', '')],
    ['environment', emptyState(LINEAGE, 'backup', 'production')],
  ])('is refused when it is of another %s', async (what, state) => {
    const attempt = open(memoryStore({ ...state, serial: 1 }));
    await expect(attempt).rejects.toThrow(DiagnosticsError);
    await expect(attempt).rejects.toThrow(new RegExp(`belongs to ${what}`));
  });

  it.each([
    ['replaced by one of another lineage', { ...stateWith(), lineage: 'other-lineage', serial: 9 }],
    ['removed', undefined],
  ])('is not written into when it was %s while in use', async (_, replacement) => {
    const before = memoryStore({ ...stateWith(), serial: 1 });
    const after = memoryStore(replacement);
    let store: MemoryStore = before;
    const ledger = await open({
      where: 'memory',
      read: () => store.read(),
      write: (next, basedOn) => store.write(next, basedOn),
    });
    store = after;
    await expect(ledger.commit(add('a'))).rejects.toThrow(DiagnosticsError);
    expect(after.writes()).toBe(0);
  });
});

/** What one of several runs does next. */
const stepOf = fc.record({
  run: fc.integer({ min: 0, max: 2 }),
  what: fc.constantFrom('add', 'add', 'add', 'throw', 'nothing', 'refresh', 'turn'),
  trouble: fc.option(fc.constantFrom('refused', 'lost'), { freq: 8, nil: undefined }),
} as const);

describe('any interleaving of runs, changes and failures (P13 P47)', () => {
  it('loses no acknowledged change, doubles none, and raises the serial by one per write', () =>
    fc.assert(
      fc.asyncProperty(fc.array(stepOf, { maxLength: 60 }), async (steps) => {
        const store = memoryStore();
        const ledgers = await Promise.all(['r0', 'r1', 'r2'].map((id) => open(store, id)));
        const outcomes: Promise<{ name: string; isSaved: boolean }>[] = [];
        let lost = false;
        for (const [i, { run, what, trouble }] of steps.entries()) {
          if (trouble !== undefined) store.failNext(trouble);
          lost ||= trouble === 'lost';
          const ledger = ledgers[run];
          if (ledger === undefined) continue;
          if (what === 'add') outcomes.push(outcomeOf(`n${i}`, ledger.commit(add(`n${i}`))));
          if (what === 'nothing') ledger.commit((state) => state).catch(() => {});
          if (what === 'throw') ledger.commit(fail).catch(() => {});
          if (what === 'refresh') ledger.refresh().catch(() => {});
          if (what === 'turn') await new Promise((resolve) => setImmediate(resolve));
        }
        const results = await Promise.all(outcomes);
        const { state } = await store.read();
        for (const { name, isSaved } of results) {
          if (isSaved) expect(count(state, name)).toBe(1);
          else if (!lost) expect(count(state, name)).toBe(0);
          else expect(count(state, name)).toBeLessThanOrEqual(1);
        }
        expect(store.history().map(({ serial }) => serial)).toEqual(
          store.history().map((_, i) => i + 1),
        );
      }),
      { numRuns: 150 },
    ));
});

async function outcomeOf(name: string, commit: Promise<State>) {
  return commit.then(
    (state) => ({ name, isSaved: count(state, name) === 1 }),
    () => ({ name, isSaved: false }),
  );
}

function fail(): State {
  throw new Error('this change can’t be');
}
