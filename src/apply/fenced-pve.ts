import type { Pve, PveWrites } from '../model/pve-port.ts';
import { WRITE_DEADLINE_MS } from '../model/pve-texts.ts';
import type { Run } from './context.ts';

/**
 * The cluster as a run may use it: right before each write is sent, the run must still have its right to act for
 * as long as the request may take (design section 4, fencing). Throws Fenced instead of sending.
 */
export function fencedPve(pve: Pve, run: Pick<Run, 'mayStart'>): Pve {
  const guarded = <A extends readonly unknown[], R>(send: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      run.mayStart(WRITE_DEADLINE_MS);
      return send(...args);
    };
  };
  const { write } = pve;
  const fenced: PveWrites = {
    clone: guarded(write.clone),
    create: guarded(write.create),
    setConfig: guarded(write.setConfig),
    resize: guarded(write.resize),
    moveDisk: guarded(write.moveDisk),
    migrate: guarded(write.migrate),
    start: guarded(write.start),
    shutdown: guarded(write.shutdown),
    stop: guarded(write.stop),
    destroy: guarded(write.destroy),
    downloadImage: guarded(write.downloadImage),
    regenerateCloudInit: guarded(write.regenerateCloudInit),
    setPool: guarded(write.setPool),
  };
  return { ...pve, write: fenced };
}
