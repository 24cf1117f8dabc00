import { DiagnosticsError } from '../model/diagnostic.ts';
import {
  Fenced,
  GuestError,
  PveError,
  StepFailed,
  TaskFailed,
  TaskTimeout,
  VmidTaken,
  WaitTimeout,
} from '../model/errors.ts';
import type { Status } from '../model/lifecycle.ts';
import { lookup } from '../model/lookup.ts';
import type { WorkerOutcome } from '../model/result.ts';
import { releaseLeases } from '../model/runs.ts';
import { clearDoing, setDoingError } from '../model/transitions.ts';
import { ChangedMeanwhile } from './changed-meanwhile.ts';
import type { Confirm } from './confirm-port.ts';
import { Interrupted, StillWorking, type WorkerBase, type WorkerContext } from './context.ts';
import { freshInventory } from './fresh.ts';
import { NotOurs } from './identity.ts';
import { type Performed, perform } from './perform.ts';
import { settleFormer } from './settle-former.ts';
import { stopWhenInterrupted } from './step.ts';
import { takeLease } from './take-lease.ts';
import { tellAction } from './tell-action.ts';
import { waitForLock } from './wait-for-lock.ts';

/** Runs work as soon as the limits leave room for it. */
export type Enter = (work: () => Promise<WorkerOutcome>) => Promise<WorkerOutcome>;

/**
 * One worker of a plan: lease → confirm against what is true now → its actions in order → release. Whatever
 * goes wrong outside ends up in the outcome; a bug is thrown. One that has to be waited for takes no room from
 * others until its wait is over.
 */
export function runWorker(
  base: WorkerBase,
  confirm: Confirm,
  enter: Enter,
): Promise<WorkerOutcome> {
  const isWaited = base.worker.held !== undefined;
  const here: Enter = (work) => work();
  const run = () => underLease(base, confirm, isWaited ? enter : here);
  return isWaited ? run() : enter(run);
}

async function underLease(
  base: WorkerBase,
  confirm: Confirm,
  enter: Enter,
): Promise<WorkerOutcome> {
  const begun = base.ports.clock.monotonic();
  const ended = (part: Partial<WorkerOutcome> & Pick<WorkerOutcome, 'result'>): WorkerOutcome => ({
    ...summary(base),
    tookMs: base.ports.clock.monotonic() - begun,
    ...part,
  });
  try {
    stopWhenInterrupted({ ...base, action: 'configure' });
    const lease = await takeLease(base);
    if (lease !== undefined)
      return ended({
        result: 'held',
        error: `leased by ${lease}`,
        remedy: 'Apply again when it has ended, or wait for it with --wait.',
      });
    const lock = await waitForLock(base, vmInQuestion(base));
    if (lock !== undefined)
      return ended({
        result: 'held',
        error: `locked: lock ${lock}`,
        remedy: `Apply again when its ${lock} has ended, or wait longer.`,
      });
    return await enter(() => confirmAndRun(base, confirm, ended));
  } catch (error) {
    if (error instanceof StillWorking)
      return ended({
        result: 'held',
        error: `leased: ${error.message}`,
        remedy: error.remedy,
        status: 'Working',
        isWorking: true,
      });
    return ended(await failed(base, error));
  } finally {
    await release(base);
  }
}

async function confirmAndRun(
  base: WorkerBase,
  confirm: Confirm,
  ended: (part: Partial<WorkerOutcome> & Pick<WorkerOutcome, 'result'>) => WorkerOutcome,
): Promise<WorkerOutcome> {
  await settleFormer(base);
  const inventory = await freshInventory(base.ports.pve, base.inventory, vmInQuestion(base));
  const verdict = confirm(base.worker, base.ports.ledger.current(), inventory);
  if (verdict.kind === 'done') return ended({ result: 'done' });
  if (verdict.kind === 'stale')
    return ended({
      result: 'stale',
      error: 'it is not as it was when this was planned',
      detail: verdict.differences,
      remedy: 'Plan again.',
    });
  const performed = await runActions({ ...base, inventory, worker: verdict.worker });
  return ended({ ...summary(base), result: 'done', ...performed });
}

/** The recorded VM, or the one that an interrupted deploy or an orphan's plan names. */
function vmInQuestion(base: WorkerBase): { vmid: number; node: string } | undefined {
  const record = lookup(base.ports.ledger.current().workers, base.worker.worker);
  if (record?.vm !== undefined) return record.vm;
  const doing = record?.doing;
  const vmid = doing?.vmid ?? (base.worker.uuid === undefined ? undefined : base.worker.vmid);
  return vmid === undefined ? undefined : { vmid, node: doing?.node ?? base.worker.node };
}

async function runActions(base: WorkerBase): Promise<Performed> {
  let performed: Performed = {};
  for (const action of base.worker.actions) {
    const ctx: WorkerContext = { ...base, action };
    stopWhenInterrupted(ctx);
    // Done and told with the taking of its lease.
    if (action === 'rename') continue;
    performed = { ...performed, ...(await tellAction(base, action, () => perform(ctx))) };
  }
  return performed;
}

function summary(base: WorkerBase): Omit<WorkerOutcome, 'result' | 'tookMs'> {
  const { worker, actions, node } = base.worker;
  const record = lookup(base.ports.ledger.current().workers, worker);
  const vmid = record?.vm?.vmid;
  return {
    worker,
    actions,
    node: record?.vm?.node ?? node,
    status: statusNow(base, vmid),
    ...(vmid === undefined ? {} : { vmid }),
  };
}

/** A VM that this run left on, or that was on when nothing was done to it, is not shut down. */
function statusNow(base: WorkerBase, vmid: number | undefined): Status {
  if (vmid === undefined) return 'Configured';
  return base.running.has(base.worker.worker) ? 'Testing' : 'Shut Down';
}

/** What went wrong, as an outcome. The record keeps it too: the next plan shows what an interrupted step met. */
async function failed(
  base: WorkerBase,
  error: unknown,
): Promise<Partial<WorkerOutcome> & Pick<WorkerOutcome, 'result'>> {
  if (error instanceof Interrupted || base.interrupts.second.aborted)
    return { result: 'interrupted' };
  const { worker } = base.worker;
  if (error instanceof ChangedMeanwhile) {
    await base.ports.ledger.commit((state) => clearDoing(state, worker));
    return {
      result: 'stale',
      error: error.message,
      detail: error.differences,
      remedy: 'Plan again.',
    };
  }
  if (!isOutside(error)) throw error;
  await base.ports.ledger
    .commit((state) =>
      lookup(state.workers, worker)?.doing === undefined
        ? state
        : setDoingError(state, worker, error.message),
    )
    .catch(() => undefined);
  return { result: 'failed', error: error.message, ...details(error) };
}

function isOutside(error: unknown): error is Error {
  return (
    error instanceof PveError ||
    error instanceof TaskFailed ||
    error instanceof TaskTimeout ||
    error instanceof WaitTimeout ||
    error instanceof NotOurs ||
    error instanceof Fenced ||
    error instanceof DiagnosticsError ||
    error instanceof StepFailed ||
    error instanceof GuestError ||
    error instanceof VmidTaken
  );
}

function details(error: Error): Partial<WorkerOutcome> {
  if (error instanceof TaskFailed)
    return {
      detail: error.log,
      remedy: 'Mend what the task says, then apply again: it goes on where it stopped.',
    };
  if (error instanceof NotOurs) return { remedy: 'Plan again: the next plan says whose it is.' };
  if (error instanceof DiagnosticsError) {
    const remedy = error.diagnostics.find((diagnostic) => diagnostic.remedy !== undefined)?.remedy;
    return remedy === undefined ? {} : { remedy };
  }
  return { remedy: 'Apply again: it goes on where it stopped.' };
}

async function release(base: WorkerBase): Promise<void> {
  if (base.interrupts.second.aborted) return;
  await base.ports.ledger
    .commit((state) => releaseLeases(state, base.run.id, [base.worker.worker]))
    // Another run has taken it over, or the state can't be written: the lease ends with its run's beat.
    .catch(() => undefined);
}
