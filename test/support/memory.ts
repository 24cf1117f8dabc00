import type { Files, StateStore } from '../../src/model/ports.ts';
import type { State } from '../../src/model/state.ts';
import { requireSuccessor } from '../../src/state/revision.ts';

/** A project and its state without a disk: thousands of seeded runs are then a matter of minutes. */
export interface Memory {
  readonly files: Files;
  readonly store: StateStore;
  /** The state as JSON; undefined: there is none yet. */
  stateText(): string | undefined;
  write(path: string, text: string): void;
}

/** `onWrite` sees every state that is written, and the one that it follows. */
export function memory(
  root: string,
  onWrite: (next: State, before: State | undefined) => void = () => {},
): Memory {
  const contents = new Map<string, Buffer>();
  const at = (path: string): string => (path.startsWith('/') ? path : `${root}/${path}`);
  let kept: string | undefined;
  let revision = 'none';
  const read = (): State | undefined =>
    kept === undefined ? undefined : (JSON.parse(kept) as State);
  const store: StateStore = {
    where: `${root}/muster.state.json`,
    read: async () => ({ state: read(), revision }),
    write: async (next, basedOn) => {
      requireSuccessor(next, basedOn);
      if (basedOn !== revision) return { kind: 'moved' };
      onWrite(next, read());
      kept = JSON.stringify(next);
      revision = `${next.lineage}/${next.serial}/memory`;
      return { kind: 'written', revision };
    },
  };
  const files: Files = {
    read: async (path) => contents.get(at(path)),
    write: async (path, content) => {
      contents.set(at(path), Buffer.from(content));
    },
    append: async (path, bytes) => {
      contents.set(at(path), Buffer.concat([contents.get(at(path)) ?? Buffer.alloc(0), bytes]));
    },
    glob: async (pattern) => {
      const [folder = '', end = ''] = pattern.split('*');
      const names = [...contents.keys()].map((path) => path.slice(root.length + 1));
      return names.filter((name) => name.startsWith(folder) && name.endsWith(end)).sort();
    },
  };
  return {
    files,
    store,
    stateText: () => kept,
    write: (path, text) => {
      contents.set(at(path), Buffer.from(text));
    },
  };
}
