import type { ActionKind, WorkerPlan } from '../model/plan.ts';
import { StillWorking, sinceStart, type WorkerBase } from './context.ts';

/** Does one action of a worker, and tells when it begins and how it ends. */
export async function tellAction<T>(
  base: WorkerBase,
  action: ActionKind,
  work: () => Promise<T>,
): Promise<T> {
  const { log } = base.ports;
  const { worker } = base.worker;
  const begun = sinceStart(base);
  const message = startWords(base.worker, action);
  log.emit({ kind: 'action-start', at: begun, worker, action, message });
  try {
    const done = await work();
    const at = sinceStart(base);
    log.emit({ kind: 'action-done', at, worker, action, tookMs: at - begun });
    return done;
  } catch (error) {
    const at = sinceStart(base);
    const took = { at, worker, action, tookMs: at - begun };
    // Not a failure: it waits until they have ended.
    if (error instanceof StillWorking)
      log.emit({ kind: 'skipped', at, worker, why: `${action} is held: ${error.message}` });
    else if (error instanceof Error)
      log.emit({ kind: 'action-failed', ...took, error: error.message });
    throw error;
  }
}

function startWords({ node, vmid }: WorkerPlan, action: ActionKind): string {
  return `${action} on ${node}${vmid === undefined ? '' : `, vm ${vmid}`}`;
}
