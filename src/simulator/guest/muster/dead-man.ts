import type { Guest, GuestProcess } from '../program.ts';
import { RUN, readFile, writeFile } from './disk.ts';

const NAME = 'muster-deadman';

function timer(guest: Guest): GuestProcess | undefined {
  return guest.processes.find(({ name, endedMs }) => name === NAME && endedMs === undefined);
}

/** Starts the timer, or gives the one that runs the new length. */
export function armDeadMan(guest: Guest, seconds: number, nowMs: number): 'armed' | 'already' {
  writeFile(guest, `${RUN}/limit`, `${seconds}\n`, nowMs);
  writeFile(guest, `${RUN}/beat`, `${nowMs}\n`, nowMs);
  const running = timer(guest);
  if (running === undefined) guest.processes.push(newTimer(guest, nowMs));
  setDeadMan(guest, nowMs);
  return running === undefined ? 'armed' : 'already';
}

export function beatDeadMan(guest: Guest, nowMs: number): void {
  writeFile(guest, `${RUN}/beat`, `${nowMs}\n`, nowMs);
  setDeadMan(guest, nowMs);
}

/** Due when the last beat is too old, and not before an attempt or a package manager ends. */
export function setDeadMan(guest: Guest, nowMs: number): void {
  const process = timer(guest);
  if (process === undefined) return;
  const limit = Number(readFile(guest, `${RUN}/limit`) ?? 1800) * 1000;
  const beat = Number(readFile(guest, `${RUN}/beat`) ?? nowMs);
  const ends = guest.processes
    .filter(({ name, endedMs }) => name.startsWith('muster-attempt-') && endedMs === undefined)
    .map(({ endsMs }) => (endsMs ?? nowMs) + 1000);
  process.endsMs = Math.max(beat + limit, guest.packages.lockedUntilMs, nowMs + 1, ...ends);
}

function newTimer(guest: Guest, nowMs: number): GuestProcess {
  const pid = guest.nextPid;
  guest.nextPid += 2;
  return {
    pid,
    name: NAME,
    argv: ['sh', `${RUN}/deadman.sh`],
    startedMs: nowMs,
    endsMs: null,
    exit: 0,
    output: '',
    errors: '',
    inAgentCgroup: false,
    onEnd: [{ kind: 'poweroff' }],
    timeline: [],
  };
}
