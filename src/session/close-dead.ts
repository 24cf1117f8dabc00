import type { ApplyPorts, Run, TakeWorkers } from '../apply/context.ts';
import { PveError } from '../model/errors.ts';
import { lookup } from '../model/lookup.ts';
import { isVmMissing } from '../model/pve-texts.ts';
import { releaseLeases } from '../model/runs.ts';
import type { LiveSession } from '../model/session.ts';
import type { State, VmRef } from '../model/state.ts';
import { deadSessions, loseAttempts } from './dead-sessions.ts';
import { endWorker, finishSession, requireLive } from './session-state.ts';

export interface CloseInput {
  readonly ports: ApplyPorts;
  readonly run: Run;
  readonly take: TakeWorkers;
  /** Ids of sessions that are known to be led by nobody, whatever their runs' beats say. */
  readonly dead: readonly string[];
  /** Which of them; all by default. */
  readonly isMeant?: (session: LiveSession) => boolean;
}

/**
 * Ends sessions whose runs are dead, as far as their workers are off: they are interrupted, which is final. Those
 * with a worker that still runs, or that another run holds, stay. Returns the ids of those that were ended.
 */
export async function closeDeadSessions(input: CloseInput): Promise<readonly string[]> {
  const { ports } = input;
  const state = ports.ledger.current();
  const expired = deadSessions(state, timeOf(input)).map(({ id }) => id);
  const closed: string[] = [];
  for (const id of [...new Set([...expired, ...input.dead])].sort()) {
    const session = lookup(ports.ledger.current().sessions, id);
    if (session?.kind !== 'live' || input.isMeant?.(session) === false) continue;
    if (await close(input, session)) closed.push(id);
  }
  return closed;
}

async function close(input: CloseInput, session: LiveSession): Promise<boolean> {
  const { ports, take } = input;
  const open = Object.keys(session.workers).filter(
    (name) => lookup(session.workers, name)?.endedAt === undefined,
  );
  const { workers } = ports.ledger.current();
  const isOwn = (name: string): boolean => lookup(workers, name)?.lease?.run === input.run.id;
  const { refused } = await take(open.filter((name) => lookup(workers, name) !== undefined));
  const free = open.filter((name) => !refused.some(({ worker }) => worker === name));
  const taken = free.filter((name) => !isOwn(name));
  const off: string[] = [];
  for (const name of free) if (await isOff(input, lookup(workers, name)?.vm)) off.push(name);
  let isOver = false;
  await ports.ledger.commit((before) => {
    const now = timeOf(input);
    // Taken only to be looked at: others may wait for them, and this run may go on for hours.
    const released = releaseLeases(before, input.run.id, taken);
    const next = off.reduce((state, name) => endWorkerOf(state, session.id, name, now), released);
    isOver = Object.values(requireLive(next, session.id).workers).every(
      ({ endedAt }) => endedAt !== undefined,
    );
    return isOver ? finishSession(loseAll(next, session.id, now), session.id, now, true) : next;
  });
  return isOver;
}

function endWorkerOf(state: State, id: string, worker: string, now: number): State {
  return endWorker(loseAttempts(state, id, worker, now), id, worker, now);
}

function loseAll(state: State, id: string, now: number): State {
  const names = Object.keys(requireLive(state, id).workers);
  return names.reduce((next, name) => loseAttempts(next, id, name, now), state);
}

/** Off for certain: stopped, or gone. */
async function isOff({ ports }: CloseInput, vm: VmRef | undefined): Promise<boolean> {
  if (vm === undefined) return true;
  const { read } = ports.pve;
  try {
    return (await read.status(vm.node, vm.vmid)).status === 'stopped';
  } catch (error) {
    if (isVmMissing(error)) return read.idIsFree(vm.vmid);
    if (error instanceof PveError) return false;
    throw error;
  }
}

function timeOf({ ports }: CloseInput): number {
  return Math.round(ports.pve.clusterTime() ?? ports.clock.now());
}
