import { PveError, TaskFailed, TaskTimeout } from '../model/errors.ts';
import { lookup } from '../model/lookup.ts';
import { sinceStart, type WorkerBase } from './context.ts';

/** How long a task of a run that died is waited for. */
const LONGEST_MS = 30 * 60_000;

/**
 * What a former run began may still be going on inside PVE although that run is dead: its recorded task, and any
 * other task of that VM. Only when they have ended does reading the VM tell what became of it.
 */
export async function settleFormer(base: WorkerBase): Promise<void> {
  const { pve, ledger, log } = base.ports;
  const { worker } = base.worker;
  const doing = lookup(ledger.current().workers, worker)?.doing;
  if (doing === undefined || doing.run === base.run.id || doing.node === undefined) return;
  const tasks = await pve.tasks.list(doing.node).catch(ignoreOutside);
  const running = (tasks ?? []).filter((task) => task.running && task.id === String(doing.vmid));
  const upids = new Set([
    ...(doing.upid === undefined ? [] : [doing.upid]),
    ...running.map(({ upid }) => upid),
  ]);
  for (const upid of upids) {
    const message = `waiting-for-task: ${doing.step} of a run that has ended may still go on`;
    const wait = { timeout: LONGEST_MS, signal: base.interrupts.first };
    log.emit({ kind: 'note', at: sinceStart(base), message: `${worker}: ${message}` });
    await pve.tasks.wait(upid, wait).catch(ignoreOutside);
  }
}

/** A task that failed has ended; one that can't be asked about proves nothing, and the steps look for themselves. */
function ignoreOutside(error: unknown): undefined {
  const isOutside =
    error instanceof PveError || error instanceof TaskFailed || error instanceof TaskTimeout;
  if (!isOutside) throw error;
  return undefined;
}
