import type { VmHandle } from '../apply/context.ts';
import { type AttemptStatus, pollItem, startItem, stopItem } from '../guest/supervise-item.ts';
import type { Actor, GuestTarget } from '../guest/target.ts';
import { Fenced, PveError } from '../model/errors.ts';
import { lookup } from '../model/lookup.ts';
import type { ItemAttempt, SessionItem } from '../model/session.ts';
import { addressOf } from './item-address.ts';
import { itemCommand, needsAddress } from './item-command.ts';
import { endingOf, endTime, type ItemEnding } from './item-ending.ts';
import { lastLineOf } from './last-line.ts';
import { isOutsideFailure } from './outside-failure.ts';
import {
  changeSession,
  type Member,
  type SessionContext,
  sessionTime,
  sinceSessionStart,
} from './session-context.ts';
import { attemptKey } from './session-items.ts';
import { endAttempt, leaveWorkerOut } from './session-state.ts';
import { isSilence, SILENCE_MS, tellAnswer, tellSilence } from './silence.ts';

/** One attempt in one worker; it is recorded as running already. */
export interface RunningAttempt {
  readonly item: SessionItem;
  /** From 1. */
  readonly number: number;
  readonly attempt: ItemAttempt;
  readonly vm: VmHandle;
  readonly member: Member;
  /** Aborted when it has to be ended: a cancel. */
  readonly cancel: AbortSignal;
}

/** Undefined: nobody can tell, and its worker could not be powered off. */
type Ending = ItemEnding | undefined;

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;
/** How much longer than its timeout an attempt may seem to run before we end it ourselves. */
const OVERDUE_MS = 2 * 60_000;

/**
 * Launches an attempt, or finds the one that was launched under its key, and follows it to its end: output is
 * streamed, the end is recorded. What happens to the agent or to the connection in between changes nothing.
 */
export async function runItem(ctx: SessionContext, running: RunningAttempt): Promise<void> {
  const { item, number, attempt } = running;
  const ending = await follow(ctx, running).catch((error: unknown): Ending => {
    if (!isOutsideFailure(error)) throw error;
    // Nobody saw it end: it stays open, and whoever goes on with the session finds it again.
    return undefined;
  });
  if (ending === undefined) return;
  const now = sessionTime(ctx);
  const at = endTime(attempt.startedAt, ending, now);
  await changeSession(ctx, (state, id) =>
    endAttempt(state, id, { item: item.name, attempt: number, at, ...ending }),
  );
  const told = { at: sinceSessionStart(ctx), worker: attempt.worker, item: item.name };
  const tookMs = Math.max(0, at - attempt.startedAt);
  if (ending.result === 'ok') ctx.tell({ kind: 'item-done', ...told, tookMs });
  else
    ctx.tell({
      kind: 'item-failed',
      ...told,
      ...ending,
      result: ending.result,
      tookMs,
      attempt: number,
      attempts: item.retries + 1,
    });
}

/** What following one attempt needs over and over. */
interface Followed {
  readonly target: GuestTarget;
  readonly actor: Actor;
  readonly key: string;
  readonly sink: Sink;
}

async function follow(ctx: SessionContext, running: RunningAttempt): Promise<Ending> {
  const { vm, attempt, item, number } = running;
  const { agent } = ctx.ports.pve;
  const { clock } = ctx.ports;
  const target = { agent, node: vm.node, vmid: vm.vmid, clock, signal: ctx.interrupts.second };
  const fence = lookup(ctx.ports.ledger.current().workers, attempt.worker)?.lease?.fence ?? 0;
  const sink = outputSink(ctx, item.name, number, await ctx.output.size(ctx.id, item.name, number));
  const key = attemptKey(ctx.id, item.name, number);
  const followed = { target, actor: { run: ctx.run.id, fence }, key, sink };
  let silentSince: number | undefined;
  let isStarted = false;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    try {
      if (!isStarted) {
        const refused = await launchOrFind(ctx, running, followed);
        if (refused !== undefined) return refused;
        isStarted = true;
      }
      const status = await drain(target, key, sink);
      if (silentSince !== undefined) tellAnswer(ctx, running, silentSince);
      silentSince = undefined;
      const ending = await judge(followed, status, running);
      if (ending === 'unending')
        return giveUp(ctx, running, sink, 'an item in it could not be ended');
      if (ending !== undefined) return ending;
    } catch (error) {
      if (!isSilence(error)) throw error;
      silentSince = silentSince ?? clock.monotonic();
      tellSilence(ctx, running, silentSince, error);
      if (await isPoweredOff(ctx, vm)) return { result: 'lost', ...sink.lastLine() };
      if (clock.monotonic() - silentSince > SILENCE_MS)
        return giveUp(ctx, running, sink, reasonOf(error));
    }
    await pauseUnlessCancelled(ctx, pause, running.cancel);
  }
}

/** An ending when it is proven that it does not run and won't: it can't be started, or was cancelled before. */
async function launchOrFind(
  ctx: SessionContext,
  running: RunningAttempt,
  { target, actor, key }: Followed,
): Promise<Ending> {
  const { timeout } = running.item;
  if (running.cancel.aborted) {
    const { state } = await pollItem(target, key);
    return state === 'absent' ? { result: 'stopped' } : undefined;
  }
  try {
    const { argv, env } = await commandOf(ctx, running);
    ctx.run.mayStart(60_000);
    await startItem(target, actor, { key, argv, env, timeout });
    return undefined;
  } catch (error) {
    if (isSilence(error) || error instanceof Fenced || !isOutsideFailure(error)) throw error;
    // The guest or Proxmox said no. Only the guest knows whether it runs all the same.
    const { state } = await pollItem(target, key);
    return state === 'absent' ? { result: 'failed', lastLine: error.message } : undefined;
  }
}

async function commandOf(ctx: SessionContext, { item, attempt, vm }: RunningAttempt) {
  const address = needsAddress(item) ? await addressOf(ctx, item) : undefined;
  const place = { worker: attempt.worker, node: vm.node };
  return itemCommand(item, address === undefined ? place : { ...place, address }, ctx.secrets);
}

interface Sink {
  offset: number;
  write(bytes: Uint8Array): Promise<void>;
  lastLine(): { readonly lastLine?: string };
}

function outputSink(
  { output, id }: SessionContext,
  item: string,
  attempt: number,
  offset: number,
): Sink {
  let tail: Uint8Array = new Uint8Array();
  return {
    offset,
    write: async (bytes) => {
      if (bytes.length === 0) return;
      tail = Buffer.concat([tail, bytes]).subarray(-4096);
      await output.append(id, item, attempt, bytes);
    },
    lastLine: () => {
      const line = lastLineOf(tail);
      return line === undefined ? {} : { lastLine: line };
    },
  };
}

/** Reads what came since the last time, all of it. */
async function drain(target: GuestTarget, key: string, sink: Sink): Promise<AttemptStatus> {
  for (;;) {
    const status = await pollItem(target, key, sink.offset);
    await sink.write(status.output);
    const isAll = status.next <= sink.offset || status.next >= status.size;
    sink.offset = Math.max(sink.offset, status.next);
    if (isAll) return status;
  }
}

async function judge(
  { target, actor, key, sink }: Followed,
  status: AttemptStatus,
  { item, cancel }: RunningAttempt,
): Promise<Ending | 'unending'> {
  if (status.state === 'ended') return endingOf(status, sink.lastLine().lastLine);
  if (status.state === 'lost') return { result: 'lost', ...sink.lastLine() };
  const isOverdue = status.elapsed > item.timeout + OVERDUE_MS;
  if (!cancel.aborted && !isOverdue) return undefined;
  const stopped = await stopItem(target, actor, key);
  await sink.write((await drain(target, key, sink)).tail ?? new Uint8Array());
  // A process that waits for a dead disk or share can't be killed; only without its VM it is proven to be over.
  if (stopped.state === 'running' || stopped.state === 'starting') return 'unending';
  if (stopped.state !== 'ended') return { result: 'lost', ...sink.lastLine() };
  return isOverdue
    ? { ...endingOf(stopped, sink.lastLine().lastLine), result: 'timeout' }
    : endingOf(stopped, sink.lastLine().lastLine);
}

async function isPoweredOff(ctx: SessionContext, vm: VmHandle): Promise<boolean> {
  try {
    return (await ctx.ports.pve.read.status(vm.node, vm.vmid)).status === 'stopped';
  } catch (error) {
    if (error instanceof PveError) return false;
    throw error;
  }
}

/** Undefined: the worker is not to blame. Whoever goes on with another token can use it. */
function reasonOf(error: Error): string | undefined {
  const isOurs = error instanceof PveError && error.facts.failure === 'unauthenticated';
  return isOurs ? undefined : 'its guest gave no answer for ten minutes';
}

/** Its worker is powered off; only then it is proven that the attempt has ended. */
async function giveUp(
  ctx: SessionContext,
  { member }: RunningAttempt,
  sink: Sink,
  why: string | undefined,
): Promise<Ending> {
  if (why !== undefined)
    await changeSession(ctx, (state, id) => leaveWorkerOut(state, id, member.worker, why));
  member.leave.abort();
  ctx.bell.ring();
  return (await member.off) ? { result: 'lost', ...sink.lastLine() } : undefined;
}

async function pauseUnlessCancelled(
  { ports, interrupts }: SessionContext,
  ms: number,
  cancel: AbortSignal,
): Promise<void> {
  const either = cancel.aborted ? interrupts.second : AbortSignal.any([cancel, interrupts.second]);
  await ports.clock.sleep(ms, either).catch((error: unknown) => {
    if (!either.aborted) throw error;
  });
  interrupts.second.throwIfAborted();
}
