import { digestOf } from '../../../src/model/digest.ts';
import type { StateRead, StateStore } from '../../../src/model/ports.ts';
import type { State } from '../../../src/model/state.ts';

export interface MemoryStore extends StateStore {
  /** How many writes changed it. */
  writes(): number;
  /** What happens at the next write: once. `lost`: it is carried out, and its answer is an error. */
  failNext(how: 'refused' | 'lost'): void;
  /** Everything that was stored, oldest first. */
  history(): readonly State[];
}

/** A store in memory that keeps the port's promise; held to the same contract as the others. */
export function memoryStore(first?: State): MemoryStore {
  const history: State[] = first === undefined ? [] : [first];
  let trouble: 'refused' | 'lost' | undefined;
  const read = (): StateRead => {
    const state = history.at(-1);
    return { state, revision: state === undefined ? 'none' : digestOf(state) };
  };
  return {
    where: 'memory',
    read: async () => read(),
    write: async (next, basedOn) => {
      const how = trouble;
      trouble = undefined;
      if (how === 'refused') throw new Error('the disk is on fire');
      if (read().revision !== basedOn) return { kind: 'moved' };
      history.push(structuredClone(next));
      if (how === 'lost') throw new Error('the answer was lost');
      return { kind: 'written', revision: read().revision };
    },
    writes: () => history.length - (first === undefined ? 0 : 1),
    failNext: (how) => {
      trouble = how;
    },
    history: () => history,
  };
}
