import { lookup } from '../model/lookup.ts';
import { describeRun } from '../model/runs.ts';
import { renameWorker } from '../model/transitions.ts';
import { beforeActions, tellProgress, type WorkerBase } from './context.ts';
import { declare } from './record-made.ts';
import { stopWhenInterrupted } from './step.ts';
import { tellAction } from './tell-action.ts';

const ASK_EVERY_MS = 10_000;

/**
 * Takes the worker's lease; a new worker is recorded first (that is what configuring it means), a renamed one
 * gets its new name. Waits up to `base.waitMs` for a holder that lives. Returns who holds it when it can't be had.
 */
export async function takeLease(base: WorkerBase): Promise<string | undefined> {
  const { clock } = base.ports;
  const deadline = clock.monotonic() + base.waitMs;
  await recordNew(base);
  for (;;) {
    const name = currentName(base);
    const { refused } = await base.take([name]);
    const holder = refused[0]?.holder;
    if (holder === undefined) return rename(base, name);
    const waitedMs = clock.monotonic() - (deadline - base.waitMs);
    if (clock.monotonic() >= deadline) return describeRun(holder);
    const ctx = beforeActions(base);
    tellProgress(ctx, 'lease', `leased by ${describeRun(holder)}`, {
      waitingFor: 'waiting-for-lease',
      waitedMs,
      deadlineMs: base.waitMs,
    });
    const pause = Math.min(ASK_EVERY_MS, deadline - clock.monotonic());
    await clock.sleep(pause, base.interrupts.first).catch(() => stopWhenInterrupted(ctx));
    stopWhenInterrupted(ctx);
  }
}

async function recordNew(base: WorkerBase): Promise<void> {
  const { desired, worker, from, actions } = base.worker;
  if (desired === undefined || from !== undefined) return;
  const { ledger } = base.ports;
  if (lookup(ledger.current().workers, worker) !== undefined) return;
  const record = (): Promise<unknown> =>
    ledger.commit((state) =>
      lookup(state.workers, worker) === undefined
        ? declare({ ...base, action: 'configure' }, state, desired.spec)
        : state,
    );
  // An adoption records its worker too, and that is no action of its own.
  await (actions.includes('configure') ? tellAction(base, 'configure', record) : record());
}

/** Its old name until the rename is recorded. */
function currentName(base: WorkerBase): string {
  const { worker, from } = base.worker;
  const { workers } = base.ports.ledger.current();
  return from !== undefined && lookup(workers, worker) === undefined ? from : worker;
}

async function rename(base: WorkerBase, name: string): Promise<undefined> {
  const { worker } = base.worker;
  if (name !== worker)
    await tellAction(base, 'rename', () =>
      base.ports.ledger.commit((state) => renameWorker(state, name, worker)),
    );
  return undefined;
}
