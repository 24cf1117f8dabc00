import type { Guest, GuestProcess } from '../program.ts';
import { namesUnder, readFile, STATE } from './disk.ts';

const ATTEMPTS = `${STATE}/attempts`;
const CHUNK = 32_768;

export interface AttemptView {
  readonly state: 'absent' | 'running' | 'ended' | 'lost';
  readonly code: string;
  readonly how: string;
  readonly elapsed: number;
}

export function attemptFolder(key: string): string {
  return `${ATTEMPTS}/${key}`;
}

export function isKey(key: string): boolean {
  return /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(key);
}

export function processOf(guest: Guest, key: string): GuestProcess | undefined {
  return guest.processes.find(
    ({ name, endedMs }) => name === `muster-attempt-${key}` && endedMs === undefined,
  );
}

function viewAttempt(guest: Guest, key: string, nowMs: number): AttemptView {
  const folder = attemptFolder(key);
  const exit = readFile(guest, `${folder}/exit`);
  if (exit !== undefined) {
    const [code = '', how = '', elapsed = '0'] = exit.trim().split(' ');
    return { state: 'ended', code, how, elapsed: Number(elapsed) };
  }
  if (readFile(guest, `${folder}/claim`) === undefined)
    return { state: 'absent', code: '', how: '', elapsed: 0 };
  const process = processOf(guest, key);
  if (process === undefined) return { state: 'lost', code: '', how: '', elapsed: 0 };
  return { state: 'running', code: '', how: '', elapsed: Math.round(nowMs - process.startedMs) };
}

/** Keys of attempts that run. */
export function runningAttempts(guest: Guest): string[] {
  const keys = namesUnder(guest, ATTEMPTS)
    .filter((name) => name.endsWith('/claim'))
    .map((name) => name.slice(0, -'/claim'.length));
  return keys.filter((key) => processOf(guest, key) !== undefined).sort();
}

/** The lines that all three supervise programs print. */
export function attemptLines(
  guest: Guest,
  key: string,
  offset: number | 'last',
  nowMs: number,
): (string | number)[][] {
  const { state, code, how, elapsed } = viewAttempt(guest, key, nowMs);
  const folder = attemptFolder(key);
  const out = Buffer.from(readFile(guest, `${folder}/out`) ?? '');
  const from = offset === 'last' ? Math.max(0, out.length - 4096) : Math.min(offset, out.length);
  const next = Math.min(out.length, from + CHUNK);
  const lines: (string | number)[][] = [['status', state, code, how, elapsed, out.length, next]];
  const tail = readFile(guest, `${folder}/tail`) ?? '';
  const result = readFile(guest, `${folder}/result`) ?? '';
  if (next > from) lines.push(['output', out.subarray(from, next).toString('hex')]);
  if (tail !== '') lines.push(['tail', Buffer.from(tail).toString('hex')]);
  if (result !== '') lines.push(['result', Buffer.from(result).toString('hex')]);
  return [...lines, ['end']];
}
