import { describe, expect, it } from 'vitest';
import type { StateStore } from '../../../src/model/ports.ts';
import type { State } from '../../../src/model/state.ts';
import { recordDeclared } from '../../../src/model/transitions.ts';
import { stateWith, workerSpec } from '../../state/support/states.ts';

/** Opens stores that see one and the same empty place; a new place for each call. */
export type OpenPlace = () => Promise<() => StateStore>;

/** What every backend promises. */
export function describeStateStore(name: string, openPlace: OpenPlace): void {
  describe(`the ${name} backend`, () => {
    it('tells that there is no state yet', async () => {
      const store = (await openPlace())();
      expect((await store.read()).state).toBeUndefined();
    });

    it('gives back what was written, to others too', async () => {
      const open = await openPlace();
      const written = await writeFirst(open());
      const read = await open().read();
      expect(read.state).toEqual(first);
      expect(read.revision).toBe(written);
    });

    it('refuses a write that is based on what another has replaced since', async () => {
      const open = await openPlace();
      const revision = await writeFirst(open());
      const ours = open();
      expect((await open().write(later(1), revision)).kind).toBe('written');
      expect(await ours.write(later(2), revision)).toEqual({ kind: 'moved' });
      expect((await ours.read()).state).toEqual(later(1));
    });

    it('refuses a first write when there is a state already', async () => {
      const open = await openPlace();
      const nothing = (await open().read()).revision;
      await writeFirst(open());
      expect(await open().write(later(1), nothing)).toEqual({ kind: 'moved' });
    });

    it('refuses a write that is based on what was removed or never was', async () => {
      const open = await openPlace();
      const elsewhere = await writeFirst((await openPlace())());
      expect(await open().write(later(1), elsewhere)).toEqual({ kind: 'moved' });
    });

    it('lets a store go on from its own writes', async () => {
      const store = (await openPlace())();
      let revision = await writeFirst(store);
      for (let serial = 1; serial <= 3; serial += 1) {
        const result = await store.write(later(serial), revision);
        if (result.kind === 'moved') throw new Error('nobody else writes here');
        revision = result.revision;
      }
      expect((await store.read()).state?.serial).toBe(4);
    });

    it('lets exactly one of many writers win that begin at the same time', async () => {
      const open = await openPlace();
      const revision = await writeFirst(open());
      const results = await Promise.all(
        Array.from({ length: 6 }, (_, i) => open().write(later(1, `w${i}`), revision)),
      );
      const winners = results.flatMap((result, i) => (result.kind === 'written' ? [i] : []));
      expect(winners).toHaveLength(1);
      expect((await open().read()).state).toEqual(later(1, `w${winners[0]}`));
    });

    it('keeps names that look like an object’s own', async () => {
      const store = (await openPlace())();
      const state = { ...stateWith('constructor', 'toString'), serial: 1 };
      await store.write(state, (await store.read()).revision);
      expect((await store.read()).state).toEqual(state);
    });
  });
}

const first: State = { ...stateWith('a'), serial: 1 };

function later(steps: number, worker = 'b'): State {
  return { ...recordDeclared(first, worker, workerSpec({ slots: steps })), serial: 1 + steps };
}

async function writeFirst(store: StateStore): Promise<string> {
  const result = await store.write(first, (await store.read()).revision);
  if (result.kind === 'moved') throw new Error('nobody else writes here');
  return result.revision;
}
