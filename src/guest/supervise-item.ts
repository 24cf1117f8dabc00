import { sha256 } from '../model/digest.ts';
import { GuestError } from '../model/errors.ts';
import { cleanField, outputLines, wholeNumber } from './output-lines.ts';
import { runScript, scriptText } from './run-script.ts';
import { type Actor, type GuestTarget, nameOf } from './target.ts';

/** One attempt at something long, such as `nightly-…/vm-101/1`. The key is its identity, for ever. */
export interface Attempt {
  readonly key: string;
  readonly argv: readonly string[];
  /** Given on standard input and kept in memory only; values may be secrets. */
  readonly env?: Readonly<Record<string, string>>;
  /** Ms; then the whole group is ended. */
  readonly timeout: number;
  /** Bytes of output that the guest keeps from the beginning; default 64 MiB. The last 4 KiB are always kept. */
  readonly maxOutput?: number;
}

export type AttemptState =
  /** No such attempt was ever started here. */
  | 'absent'
  /** Claimed a moment ago, not running yet. */
  | 'starting'
  | 'running'
  | 'ended'
  /** It was started and can't be running: the guest was rebooted or its supervisor killed. How it ended is not known. */
  | 'lost';

export interface AttemptStatus {
  readonly state: AttemptState;
  /** Of an ended one; 128 + n when a signal ended it. */
  readonly exitCode?: number;
  readonly how?: 'exit' | 'timeout' | 'stopped';
  /** Ms from its start. */
  readonly elapsed: number;
  /** Bytes of output so far. */
  readonly size: number;
  /** Output from the offset that was asked for, at most 32 KiB; `next` is where to go on. */
  readonly output: Uint8Array;
  readonly next: number;
  /** Output went on beyond `maxOutput`: its last 4 KiB. */
  readonly tail?: Uint8Array;
  /** What a script of ours left as its result, such as `patch`. */
  readonly result?: string;
}

const MAX_OUTPUT = 64 * 2 ** 20;
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Starts an attempt under a supervisor of its own that outlives the agent, or finds the one that was started
 * under this key before: the same key never runs twice. Throws Fenced, GuestError (`bad-environment`,
 * `input-too-large`, `script-failed`), PveError.
 */
export async function startItem(
  target: GuestTarget,
  actor: Actor,
  attempt: Attempt,
): Promise<AttemptStatus> {
  const seconds = Math.max(1, Math.ceil(attempt.timeout / 1000));
  const args = [
    String(actor.fence),
    actor.run,
    keyDirectory(attempt.key),
    String(seconds),
    String(attempt.maxOutput ?? MAX_OUTPUT),
    scriptText('runner'),
    ...attempt.argv,
  ];
  const stdin = environmentText(target, attempt.env ?? {});
  return parseStatus(
    target,
    await runScript(target, 'supervise', args, { timeout: 60_000, stdin }),
  );
}

/** How an attempt is getting on, with its output from `offset` (bytes), or only its last 4 KiB. */
export async function pollItem(
  target: GuestTarget,
  key: string,
  offset: number | 'last' = 0,
): Promise<AttemptStatus> {
  const args = [keyDirectory(key), String(offset)];
  return parseStatus(
    target,
    await runScript(target, 'supervise-status', args, { timeout: 60_000 }),
  );
}

/** Ends an attempt and everything it started: TERM, and KILL after the grace (ms). Resolves when it is dead. */
export async function stopItem(
  target: GuestTarget,
  actor: Actor,
  key: string,
  grace = 10_000,
): Promise<AttemptStatus> {
  const seconds = Math.max(0, Math.ceil(grace / 1000));
  const args = [String(actor.fence), actor.run, keyDirectory(key), String(seconds)];
  const text = await runScript(target, 'supervise-stop', args, { timeout: grace + 60_000 });
  return parseStatus(target, text);
}

/** The directory that stands for a key in the guest: readable where it can be, unique always. */
export function keyDirectory(key: string): string {
  const readable = key.replace(/[^A-Za-z0-9-]/g, '_').slice(0, 100);
  return `${readable}-${sha256(key).slice(0, 12)}`;
}

/** Shell assignments, one variable each: the guest reads them with `.`, so quoting is all that matters. */
function environmentText(target: GuestTarget, env: Readonly<Record<string, string>>): string {
  const lines = Object.entries(env).map(([name, value]) => {
    if (!ENV_NAME.test(name) || value.includes('\0'))
      throw new GuestError(
        'bad-environment',
        `${nameOf(target)}: ${JSON.stringify(name)} can't be an environment variable`,
      );
    return `export ${name}='${value.replaceAll("'", "'\\''")}'\n`;
  });
  return lines.join('');
}

function parseStatus(target: GuestTarget, text: string): AttemptStatus {
  const lines = outputLines(text);
  const status = lines.find(([kind]) => kind === 'status');
  const state = status?.[1];
  if (status === undefined || !isState(state))
    throw new GuestError(
      'garbled',
      `${nameOf(target)}: no answer about the attempt: ${cleanField(text).slice(0, 100)}`,
    );
  const exitCode = wholeNumber(status[2]);
  const how = howOf(status[3]);
  const tail = hexOf(text, 'tail');
  const result = hexOf(text, 'result');
  return {
    state,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(how === undefined ? {} : { how }),
    elapsed: wholeNumber(status[4]) ?? 0,
    size: wholeNumber(status[5]) ?? 0,
    output: hexOf(text, 'output') ?? new Uint8Array(),
    next: wholeNumber(status[6]) ?? 0,
    ...(tail === undefined ? {} : { tail }),
    ...(result === undefined ? {} : { result: Buffer.from(result).toString('utf8') }),
  };
}

function isState(word: string | undefined): word is AttemptState {
  return word !== undefined && ['absent', 'starting', 'running', 'ended', 'lost'].includes(word);
}

function howOf(word: string | undefined): AttemptStatus['how'] {
  return word === 'exit' || word === 'timeout' || word === 'stopped' ? word : undefined;
}

/** Bytes of the lines `KIND<TAB>hex digits`, joined. Undefined when there is no such line. */
function hexOf(text: string, kind: string): Uint8Array | undefined {
  const lines = text.split('\n').filter((line) => line.startsWith(`${kind}\t`));
  if (lines.length === 0) return undefined;
  const digits = lines.map((line) => line.slice(kind.length + 1).replace(/[^0-9a-f]/g, ''));
  return Buffer.from(digits.join(''), 'hex');
}
