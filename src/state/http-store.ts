import { createHash } from 'node:crypto';
import type { DiagnosticsError } from '../model/diagnostic.ts';
import { sha256 } from '../model/digest.ts';
import { StateMoved } from '../model/errors.ts';
import type { Migrations, OlderFormat } from '../model/migrations.ts';
import type { Revision, StateStore } from '../model/ports.ts';
import { deadByPid } from '../model/runs.ts';
import type { State } from '../model/state.ts';
import { type HttpClient, httpClient, isPassing, isSuccess } from './http-client.ts';
import { type HttpAnswer, HttpFailure, isPage } from './http-exchange.ts';
import {
  ABANDON_MS,
  breakHttpLock,
  checksLockIds,
  type HttpLock,
  type HttpLockOptions,
  takeHttpLock,
} from './http-lock.ts';
import type { HttpSettings } from './http-settings.ts';
import {
  answerTrouble,
  failureTrouble,
  hidesProject,
  notAState,
  outcomeUnknown,
  tooSlow,
} from './http-trouble.ts';
import type { LocalStoreOptions } from './local-store.ts';
import type { LockHolder } from './lock-holder.ts';
import { pidKnowledge } from './process-facts.ts';
import { digestIn, NO_STATE, requireSuccessor, revisionOf } from './revision.ts';
import { requireState } from './state-diagnostics.ts';
import { formatState, parseState } from './state-text.ts';

export interface HttpStoreOptions extends Omit<LocalStoreOptions, 'loadKernelLock'> {
  /** Ms that one request may take; default 30 s. */
  readonly requestMs?: number;
}

/** What is stored, as one GET shows it. */
interface Stored {
  readonly state: State | undefined;
  readonly older?: OlderFormat | undefined;
  /** Of our own rendering: a server may keep the JSON in another form. */
  readonly digest: string;
  /** Strong ones only; a weak one promises nothing to a write. */
  readonly etag: string | undefined;
}

interface StateClient extends HttpClient {
  readonly migrations: Migrations | undefined;
}

type Written = Awaited<ReturnType<StateStore['write']>>;

/** How often a round that took too long is begun anew. */
const MAX_ROUNDS = 3;

/**
 * The state on a server that speaks Terraform's HTTP protocol. One write is a round of lock, read, compare,
 * write, unlock; where the server gives an ETag, the write is bound to it too. A write that went unanswered is
 * settled by reading, so that it is never taken for failed when it arrived.
 */
export function httpStore(settings: HttpSettings, options: HttpStoreOptions): StateStore {
  const { clock, random, requestMs, migrations } = options;
  const client = { ...httpClient(settings, clock, random, requestMs), migrations };
  const locking = lockOptions(client, options);
  return {
    where: client.where,
    read: async () => {
      const { state, older, digest } = await fetchState(client);
      return { state, older, revision: state === undefined ? NO_STATE : revisionOf(state, digest) };
    },
    write: async (next, basedOn) => {
      requireSuccessor(next, basedOn);
      let why: Abandoned = 'lock-lost';
      for (let round = 1; round <= MAX_ROUNDS; round += 1) {
        const lock = await takeHttpLock(locking);
        try {
          const written = await writeLocked(client, lock, next, basedOn);
          if (typeof written === 'object') return written;
          why = written;
        } finally {
          await lock.release();
        }
      }
      throw why === 'too-slow' ? tooSlow(client.where) : new StateMoved(client.where);
    },
    unlock: (id) => breakHttpLock(locking, id),
    weakness: async () => {
      const { etag } = await fetchState(client);
      if (etag !== undefined) return undefined;
      if (client.settings.lock === undefined)
        return 'it gives no ETag, and no lockAddress is set: two writers at the same time can overwrite each other';
      return (await checksLockIds(locking)) === false
        ? 'it is unfenced: it checks neither the id of a lock nor an ETag, so a writer that was cut off can overwrite a later one'
        : undefined;
    },
  };
}

/** What taking and breaking locks needs. */
function lockOptions(
  client: HttpClient,
  { clock, random, run, self, processes, lockTimeoutMs = 30_000 }: HttpStoreOptions,
): HttpLockOptions {
  return {
    client,
    clock,
    random,
    timeoutMs: lockTimeoutMs,
    holder: (): LockHolder => ({ ...self, run, since: new Date(clock.now()).toISOString() }),
    isDead: async (holder) =>
      deadByPid(holder, await pidKnowledge(processes, holder.pid)) === 'dead',
  };
}

/** Why a round wrote nothing: its lock is too old to write under, or is not ours any more. */
type Abandoned = 'too-slow' | 'lock-lost';

async function writeLocked(
  client: StateClient,
  lock: HttpLock,
  next: State,
  basedOn: Revision,
): Promise<Written | Abandoned> {
  const text = formatState(next);
  const digest = sha256(text);
  const written: Written = { kind: 'written', revision: revisionOf(next, digest) };
  let stored = await fetchState(client);
  let wasLost = false;
  for (let tries = 1; ; tries += 1) {
    if (stored.digest === digest && tries > 1) return written;
    if (stored.digest !== digestIn(basedOn)) {
      if (wasLost && mayHaveBeenOurs(stored, next)) throw outcomeUnknown(client.where);
      return { kind: 'moved' };
    }
    if (lock.age() > ABANDON_MS) return 'too-slow';
    const sent = await sendState(client, lock, text, stored.etag);
    const isGarbled = sent.kind === 'answer' && isSuccess(sent.answer) && isPage(sent.answer);
    if (sent.kind === 'answer' && isSuccess(sent.answer) && !isGarbled) return written;
    const isLockLost = sent.kind === 'answer' && [409, 423].includes(sent.answer.status);
    const isOvertaken = sent.kind === 'answer' && sent.answer.status === 412;
    wasLost ||= sent.kind === 'failure' || isPassing(sent.answer) || isGarbled;
    if (
      sent.kind === 'answer' &&
      !isLockLost &&
      !isOvertaken &&
      !isGarbled &&
      !isPassing(sent.answer)
    )
      throw answerTrouble('write the state', client.where, sent.answer);
    stored = await fetchState(client);
    if (stored.digest === digest) return written;
    if (stored.digest !== digestIn(basedOn)) continue;
    if (isLockLost) return 'lock-lost';
    if (tries > client.settings.retry.max) throw troubleOf(client, sent);
    await client.pause(tries);
  }
}

type Sent =
  | { readonly kind: 'answer'; readonly answer: HttpAnswer }
  | { readonly kind: 'failure'; readonly failure: HttpFailure };

async function sendState(
  client: HttpClient,
  lock: HttpLock,
  text: string,
  etag: string | undefined,
): Promise<Sent> {
  const { address, updateMethod } = client.settings;
  const url = new URL(address);
  if (lock.id !== undefined) url.searchParams.set('ID', lock.id);
  const headers = {
    'content-md5': createHash('md5').update(text).digest('base64'),
    ...(etag === undefined ? {} : { 'if-match': etag }),
  };
  try {
    const request = { method: updateMethod, url, body: text, headers };
    return { kind: 'answer', answer: await client.once(request) };
  } catch (error) {
    if (error instanceof HttpFailure) return { kind: 'failure', failure: error };
    throw error;
  }
}

function troubleOf({ where }: HttpClient, sent: Sent): DiagnosticsError {
  return sent.kind === 'failure'
    ? failureTrouble('write the state', where, sent.failure)
    : isPage(sent.answer) && isSuccess(sent.answer)
      ? notAState('write the state', where, sent.answer)
      : answerTrouble('write the state', where, sent.answer);
}

/** Serials are given once: what stands there with ours is another run's, what has a higher one may follow ours. */
function mayHaveBeenOurs({ state }: Stored, next: State): boolean {
  return state?.lineage === next.lineage && state.serial > next.serial;
}

/** Throws a DiagnosticsError for whatever is neither a state nor the absence of one. */
async function fetchState(client: StateClient): Promise<Stored> {
  const what = 'read the state';
  const { address } = client.settings;
  const answer = await client.ask(what, { method: 'GET', url: address });
  const { status, body, headers } = answer;
  if (hidesProject(answer)) throw answerTrouble(what, client.where, answer);
  if (status === 404 || status === 204)
    return { state: undefined, digest: NO_STATE, etag: undefined };
  if (!isSuccess(answer)) throw answerTrouble(what, client.where, answer);
  if (body.length === 0) return { state: undefined, digest: NO_STATE, etag: undefined };
  if (isPage(answer)) throw notAState(what, client.where, answer);
  const promised = headers['content-md5'];
  if (promised !== undefined && promised !== createHash('md5').update(body).digest('base64'))
    throw answerTrouble(what, client.where, {
      ...answer,
      reason: 'its Content-MD5 does not match',
    });
  const parsed = parseState(body, client.migrations);
  const { state, older } = requireState(parsed, client.where, undefined);
  const etag = headers.etag?.startsWith('"') === true ? headers.etag : undefined;
  return { state, older, digest: sha256(formatState(state)), etag };
}
