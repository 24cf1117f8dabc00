import type {
  Guest,
  GuestEffect,
  GuestProcess,
  Program,
  ProgramCall,
  ProgramResult,
} from '../program.ts';
import { refuse } from './answer.ts';
import { attemptFolder, attemptLines, isKey, processOf } from './attempts.ts';
import { setDeadMan } from './dead-man.ts';
import { writeFile } from './disk.ts';
import { takeFence } from './fence.ts';

export const supervise: Program = (call) => {
  const { guest, args, nowMs } = call;
  const [fence = '', run = '', key = '', seconds = '', max = '', , ...argv] = args;
  const refused = takeFence(guest, fence, run, nowMs);
  if (refused !== undefined) return refused;
  if (!isKey(key)) return refuse(64, `'${key}' is not a key`);
  const claim = `${attemptFolder(key)}/claim`;
  if (guest.files[claim] === undefined) {
    writeFile(guest, claim, `${nowMs} ${guest.bootId}\n`, nowMs);
    start(call, key, Number(seconds) * 1000, Number(max), argv);
  }
  return printed(guest, key, 0, nowMs, 150);
};

export const superviseStatus: Program = ({ guest, args, nowMs }) => {
  const [key = '', offset = ''] = args;
  if (!isKey(key)) return refuse(64, `'${key}' is not a key`);
  if (offset !== 'last' && !/^\d+$/.test(offset))
    return refuse(64, `offset '${offset}' is not a number`);
  return printed(guest, key, offset === 'last' ? 'last' : Number(offset), nowMs, 10);
};

export const superviseStop: Program = ({ guest, args, nowMs }) => {
  const [fence = '', run = '', key = ''] = args;
  const refused = takeFence(guest, fence, run, nowMs);
  if (refused !== undefined) return refused;
  if (!isKey(key)) return refuse(64, `'${key}' is not a key`);
  const process = processOf(guest, key);
  if (process !== undefined && guest.stuck === true)
    return printed(guest, key, 'last', nowMs, 25_000);
  if (process !== undefined) {
    guest.processes = guest.processes.filter((entry) => entry !== process);
    if (process.argv.some((word) => word.startsWith('muster-patch/')))
      guest.packages.lockedUntilMs = nowMs;
    writeFile(
      guest,
      `${attemptFolder(key)}/exit`,
      exitText(143, 'stopped', nowMs - process.startedMs),
      nowMs,
    );
    setDeadMan(guest, nowMs);
  }
  return printed(guest, key, 'last', nowMs, process === undefined ? 10 : 300);
};

/** Not cleaned field by field: output lines are long. */
function printed(
  guest: Guest,
  key: string,
  offset: number | 'last',
  nowMs: number,
  takesMs: number,
): ProgramResult {
  const lines = attemptLines(guest, key, offset, nowMs).map((fields) => `${fields.join('\t')}\n`);
  return { stdout: lines.join(''), stderr: '', exit: 0, takesMs };
}

function start(
  call: ProgramCall,
  key: string,
  timeoutMs: number,
  max: number,
  argv: readonly string[],
): void {
  const { guest, nowMs } = call;
  const folder = attemptFolder(key);
  const env = { ...assignments(call.stdin), MUSTER_ATTEMPT: folder };
  const result = call.run(argv, { env }) ?? missing(argv[0] ?? '');
  const { late } = result;
  const isLate = result.takesMs >= timeoutMs;
  const inTime = !isLate || (late !== undefined && timeoutMs >= late.fromMs);
  const effects = (isLate ? late?.effects : result.effects) ?? [];
  const took = Math.max(1, inTime ? result.takesMs : timeoutMs);
  const code = inTime ? (result.signal === undefined ? result.exit : 128 + result.signal) : 143;
  const end: GuestEffect[] = [
    ...(inTime ? [...outputEffects(folder, result, max), ...effects] : []),
    effectWrite(`${folder}/exit`, exitText(code, inTime ? 'exit' : 'timeout', took)),
  ];
  const during = (result.during ?? []).filter(({ afterMs }) => afterMs < took);
  const now = during.filter(({ afterMs }) => afterMs <= 0);
  for (const { effect } of now) applyWrite(guest, effect, nowMs);
  const later = during.filter(({ afterMs }) => afterMs > 0);
  guest.processes.push(
    supervised(
      guest,
      key,
      argv,
      nowMs,
      nowMs + took,
      code,
      end,
      later.map(({ afterMs, effect }) => ({ atMs: nowMs + afterMs, effect })),
    ),
  );
  setDeadMan(guest, nowMs);
}

function supervised(
  guest: Guest,
  key: string,
  argv: readonly string[],
  startedMs: number,
  endsMs: number,
  exit: number,
  onEnd: GuestEffect[],
  timeline: GuestProcess['timeline'],
): GuestProcess {
  const pid = guest.nextPid;
  guest.nextPid += 2;
  return {
    pid,
    name: `muster-attempt-${key}`,
    argv: [...argv],
    startedMs,
    endsMs,
    exit,
    output: '',
    errors: '',
    // A transient unit where systemd runs, a session of its own elsewhere.
    inAgentCgroup: false,
    onEnd,
    timeline,
  };
}

function missing(name: string): ProgramResult {
  const stderr = `setsid: failed to execute ${name}: No such file or directory\n`;
  return { stdout: '', stderr, exit: 127, takesMs: 5 };
}

function outputEffects(folder: string, result: ProgramResult, max: number): GuestEffect[] {
  const text = result.stdout + result.stderr;
  if (text === '') return [];
  const kept = effectWrite(`${folder}/out`, text.slice(0, max));
  return text.length <= max ? [kept] : [kept, effectWrite(`${folder}/tail`, text.slice(-4096))];
}

function effectWrite(path: string, content: string): GuestEffect {
  return { kind: 'write-file', path, content, mode: 0o600 };
}

function applyWrite(guest: Guest, effect: GuestEffect, nowMs: number): void {
  if (effect.kind === 'write-file') writeFile(guest, effect.path, effect.content, nowMs);
}

function exitText(code: number, how: string, elapsed: number): string {
  return `${code} ${how} ${Math.round(elapsed)}\n`;
}

/** `export NAME='value'` as the caller writes it, quotes inside values included. */
function assignments(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const match of text.matchAll(/^export (\w+)='((?:[^']|'\\'')*)'$/gm))
    found[match[1] ?? ''] = (match[2] ?? '').replaceAll("'\\''", "'");
  return found;
}
