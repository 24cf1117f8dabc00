import type { VmHandle } from '../apply/context.ts';
import { agentTrouble } from '../guest/agent-trouble.ts';
import { type AttemptStatus, pollItem, startItem, stopItem } from '../guest/supervise-item.ts';
import type { Actor, GuestTarget } from '../guest/target.ts';
import { DiagnosticsError } from '../model/diagnostic.ts';
import { PveError } from '../model/errors.ts';
import { lookup } from '../model/lookup.ts';
import type { AttemptResult, ItemAttempt, SessionItem } from '../model/session.ts';
import { itemCommand, needsAddress } from './item-command.ts';
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

/** How an attempt ended; undefined: nobody can tell, and its worker could not be powered off. */
type Ending =
  | {
      readonly result: Exclude<AttemptResult, 'running'>;
      readonly exitCode?: number;
      readonly lastLine?: string;
    }
  | undefined;

const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 10_000;
/** Without any answer of the guest for so long, its worker is given up and powered off. */
const SILENCE_MS = 10 * 60_000;
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
    if (ctx.interrupts.second.aborted) return undefined;
    return { result: 'failed', lastLine: error.message };
  });
  if (ending === undefined) return;
  const at = sessionTime(ctx);
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

async function follow(ctx: SessionContext, running: RunningAttempt): Promise<Ending> {
  const { vm, attempt, item, number } = running;
  const { agent } = ctx.ports.pve;
  const { clock } = ctx.ports;
  const target = { agent, node: vm.node, vmid: vm.vmid, clock, signal: ctx.interrupts.second };
  const fence = lookup(ctx.ports.ledger.current().workers, attempt.worker)?.lease?.fence ?? 0;
  const actor = { run: ctx.run.id, fence };
  const key = attemptKey(ctx.id, item.name, number);
  const command = await commandOf(ctx, running);
  const sink = outputSink(ctx, item.name, number);
  let silentSince: number | undefined;
  let isStarted = false;
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
    try {
      if (!isStarted) {
        ctx.run.mayStart(60_000);
        const { timeout } = item;
        await startItem(target, actor, { key, argv: command.argv, env: command.env, timeout });
        isStarted = true;
      }
      const status = await drain(target, key, sink);
      silentSince = undefined;
      const ending = await judge(target, actor, key, status, running, sink);
      if (ending !== undefined) return ending;
    } catch (error) {
      if (!isSilence(error)) throw error;
      silentSince = silentSince ?? clock.monotonic();
      if (await isPoweredOff(ctx, vm)) return { result: 'lost', ...sink.lastLine() };
      if (clock.monotonic() - silentSince > SILENCE_MS) return giveUp(ctx, running, sink);
    }
    await pauseUnlessCancelled(ctx, pause, running.cancel);
  }
}

async function commandOf(ctx: SessionContext, { item, attempt, vm }: RunningAttempt) {
  const address = needsAddress(item) ? await addressOf(ctx, item) : undefined;
  const place = { worker: attempt.worker, node: vm.node };
  return itemCommand(item, address === undefined ? place : { ...place, address }, ctx.secrets);
}

async function addressOf(ctx: SessionContext, { vm }: SessionItem): Promise<string | undefined> {
  if (vm === undefined) return undefined;
  try {
    return (await ctx.ports.pve.agent.addresses(vm.node, vm.vmid))[0];
  } catch (error) {
    if (error instanceof PveError || agentTrouble(error) !== undefined) return undefined;
    throw error;
  }
}

interface Sink {
  offset: number;
  write(bytes: Uint8Array): Promise<void>;
  lastLine(): { readonly lastLine?: string };
}

function outputSink({ output, id }: SessionContext, item: string, attempt: number): Sink {
  let tail: Uint8Array = new Uint8Array();
  return {
    offset: 0,
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
  target: GuestTarget,
  actor: Actor,
  key: string,
  status: AttemptStatus,
  { item, cancel }: RunningAttempt,
  sink: Sink,
): Promise<Ending> {
  if (status.state === 'ended') return endingOf(status, sink);
  if (status.state === 'lost') return { result: 'lost', ...sink.lastLine() };
  const isOverdue = status.elapsed > item.timeout + OVERDUE_MS;
  if (!cancel.aborted && !isOverdue) return undefined;
  const stopped = await stopItem(target, actor, key);
  await sink.write((await drain(target, key, sink)).tail ?? new Uint8Array());
  if (stopped.state !== 'ended') return { result: 'lost', ...sink.lastLine() };
  return isOverdue ? { ...endingOf(stopped, sink), result: 'timeout' } : endingOf(stopped, sink);
}

function endingOf({ exitCode, how }: AttemptStatus, sink: Sink): NonNullable<Ending> {
  const code = exitCode === undefined ? {} : { exitCode };
  const words = { ...code, ...sink.lastLine() };
  if (how === 'timeout') return { result: 'timeout', ...words };
  if (how === 'stopped') return { result: 'stopped', ...words };
  return { result: exitCode === 0 ? 'ok' : 'failed', ...words };
}

/** The guest, its agent or the way to it is away; anything else is an answer. */
function isSilence(error: unknown): boolean {
  if (error instanceof DiagnosticsError) return false;
  if (error instanceof Error && (error.name === 'WaitTimeout' || error.name === 'ExecLost'))
    return true;
  if (!(error instanceof PveError)) return false;
  const { failure } = error.facts;
  return failure !== 'unauthenticated' && failure !== 'forbidden' && failure !== 'refused';
}

async function isPoweredOff(ctx: SessionContext, vm: VmHandle): Promise<boolean> {
  try {
    return (await ctx.ports.pve.read.status(vm.node, vm.vmid)).status === 'stopped';
  } catch (error) {
    if (error instanceof PveError) return false;
    throw error;
  }
}

/** Its worker is powered off; only then it is proven that the attempt has ended. */
async function giveUp(
  ctx: SessionContext,
  { member }: RunningAttempt,
  sink: Sink,
): Promise<Ending> {
  const why = 'its guest gave no answer for ten minutes';
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
