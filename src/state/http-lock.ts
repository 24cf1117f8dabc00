import { StateLocked } from '../model/errors.ts';
import type { Clock, Random, Unlocked } from '../model/ports.ts';
import { type HttpClient, isSuccess } from './http-client.ts';
import { type HttpAnswer, isPage } from './http-exchange.ts';
import {
  describeLock,
  isOurKind,
  type LockInfo,
  lockInfoIn,
  lockInfoOf,
} from './http-lock-info.ts';
import { answerTrouble, notAState } from './http-trouble.ts';
import { type LockHolder, parseHolder } from './lock-holder.ts';

/** A holder that has not sent its write after so long gives it up: others may soon break its lock. */
export const ABANDON_MS = 30_000;

/** A lock that some Muster took guards one write; one that stands for so long was left by a dead one. */
const STALE_MS = 60_000;

/** A process of this machine that is proven dead may have sent its write just before. */
const DEAD_MS = 2_000;

export interface HttpLock {
  /** The lock's id; undefined where the server has no locks. */
  readonly id: string | undefined;
  /** Ms since it was asked for, by the clock that ran further: a suspended machine's monotonic one stands still. */
  age(): number;
  /** Gives it back. Never throws: the write is done by then, and a lock that stays behind is broken by others. */
  release(): Promise<void>;
}

export interface HttpLockOptions {
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly holder: () => LockHolder;
  readonly isDead: (holder: LockHolder) => Promise<boolean>;
  readonly timeoutMs: number;
}

/**
 * Takes the lock of one write. Waits for a foreign lock as long as the timeout says; for one of another
 * Muster at least until it is certainly stale, and then breaks it. Throws StateLocked.
 */
export async function takeHttpLock(options: HttpLockOptions): Promise<HttpLock> {
  const { client, clock, random, timeoutMs } = options;
  const since = (start: Instant) =>
    Math.max(clock.monotonic() - start.monotonic, clock.now() - start.wall);
  const now = (): Instant => ({ monotonic: clock.monotonic(), wall: clock.now() });
  const { lock } = client.settings;
  if (lock === undefined) {
    const start = now();
    return { id: undefined, age: () => since(start), release: async () => {} };
  }
  const mine = lockInfoOf(random.uuid(), options.holder(), client.settings.address.pathname);
  const began = clock.monotonic();
  let seen: { readonly id: string; readonly from: number } | undefined;
  for (let pause = 20; ; pause = Math.min(pause * 2, 1_000)) {
    const asked = now();
    const answer = await askForLock(client, mine);
    const holder = isSuccess(answer) ? mine : holderIn(client, answer);
    if (holder?.ID === mine.ID)
      return { id: mine.ID, age: () => since(asked), release: () => release(client, mine) };
    if (holder !== undefined && seen?.id !== holder.ID)
      seen = { id: holder.ID, from: clock.monotonic() };
    const isOurs = holder !== undefined && isOurKind(holder.ID);
    const stood = isOurs && seen !== undefined ? clock.monotonic() - seen.from : 0;
    if (holder !== undefined && isOurs && (await isStale(options, holder, stood))) {
      await release(client, holder);
      seen = undefined;
      continue;
    }
    const patience = isOurs ? Math.max(timeoutMs, STALE_MS) : timeoutMs;
    const left = patience - (clock.monotonic() - began);
    if (left <= 0) throw locked(client, holder);
    await clock.sleep(Math.min(pause * (0.5 + random.fraction()), left));
  }
}

interface Instant {
  readonly monotonic: number;
  readonly wall: number;
}

/**
 * Releases the lock of that id. Resolves with who holds it when it is another one, and with `free` when nobody
 * does. For people: `state unlock ID`.
 */
export async function breakHttpLock(options: HttpLockOptions, id: string): Promise<Unlocked> {
  const { client, random } = options;
  if (client.settings.unlock === undefined) return { kind: 'free' };
  const mine = lockInfoOf(random.uuid(), options.holder(), client.settings.address.pathname);
  const answer = await askForLock(client, mine);
  if (isSuccess(answer)) {
    await release(client, mine);
    return { kind: 'free' };
  }
  const holder = holderIn(client, answer);
  if (holder !== undefined && holder.ID !== id)
    return { kind: 'other', holder: describeLock(holder) };
  const what = 'unlock the state';
  const unlocked = await client.ask(what, unlockRequest(client, holder ?? { ...mine, ID: id }));
  if (!isSuccess(unlocked)) throw answerTrouble(what, client.where, unlocked);
  return { kind: 'broken', holder: describeLock(holder) };
}

/** Whether the server keeps a lock from those who don't know its id; undefined: somebody holds it now. */
export async function checksLockIds(options: HttpLockOptions): Promise<boolean | undefined> {
  const { client, random } = options;
  const path = client.settings.address.pathname;
  const mine = lockInfoOf(random.uuid(), options.holder(), path);
  if (!isSuccess(await askForLock(client, mine))) return undefined;
  const other = { ...mine, ID: lockInfoOf(random.uuid(), options.holder(), path).ID };
  const refused = await client.ask('unlock the state', unlockRequest(client, other));
  await release(client, mine);
  return !isSuccess(refused);
}

/**
 * May be repeated: a server that refuses because this very lock has it is an answer too. A page that calls itself a
 * success is no lock.
 */
async function askForLock(client: HttpClient, mine: LockInfo): Promise<HttpAnswer> {
  const { lock } = client.settings;
  if (lock === undefined) throw new Error('this server is not asked for locks');
  const request = { method: lock.method, url: lock.address, body: JSON.stringify(mine) };
  const answer = await client.ask('lock the state', request);
  if (isSuccess(answer) && isPage(answer)) throw notAState('lock the state', client.where, answer);
  return answer;
}

/** Who has the lock, as the refusal tells; undefined: somebody. Throws when it is no refusal of a lock. */
function holderIn(client: HttpClient, answer: HttpAnswer): LockInfo | undefined {
  if (answer.status !== 409 && answer.status !== 423)
    throw answerTrouble('lock the state', client.where, answer);
  return lockInfoIn(answer);
}

async function isStale(
  { isDead }: HttpLockOptions,
  lock: LockInfo,
  stoodMs: number,
): Promise<boolean> {
  if (stoodMs >= STALE_MS) return true;
  const holder = stoodMs >= DEAD_MS ? parseHolder(lock.Info) : undefined;
  return holder !== undefined && (await isDead(holder));
}

async function release(client: HttpClient, lock: LockInfo): Promise<void> {
  try {
    await client.ask('unlock the state', unlockRequest(client, lock));
  } catch {
    // Nobody can be told here; the next one that wants the lock breaks it.
  }
}

function unlockRequest({ settings }: HttpClient, lock: LockInfo) {
  const { unlock } = settings;
  if (unlock === undefined) throw new Error('this server is not asked for locks');
  return { method: unlock.method, url: unlock.address, body: JSON.stringify(lock) };
}

function locked(client: HttpClient, holder: LockInfo | undefined): StateLocked {
  const unlock = `muster state unlock ${holder?.ID ?? 'ID'}`;
  return new StateLocked(
    client.where,
    describeLock(holder),
    `Wait until it is released, or wait longer here: --lock-timeout 10m. When its holder is certainly dead:  ${unlock}`,
  );
}
