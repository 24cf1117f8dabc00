import { PveError } from '../model/errors.ts';
import type { Clock, Random } from '../model/ports.ts';
import { READ_DEADLINE_MS, WRITE_DEADLINE_MS } from '../model/pve-texts.ts';
import { type Answer, readAnswer } from './answer.ts';
import { createClusterTime } from './cluster-time.ts';
import { encodeForm } from './form.ts';
import { createLimiter } from './limiter.ts';
import {
  type Transport,
  TransportFailure,
  type TransportRequest,
  type TransportResponse,
} from './transport.ts';

/** One call of the API, before it is encoded. */
export interface EngineCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** After /api2/json, ids filled in and escaped. */
  readonly path: string;
  /** The same with `*` for each id: for counting. */
  readonly template: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface CallOptions {
  /** Ms for one try. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** False: the caller repeats by itself (polls). Only GET is ever repeated. */
  readonly retry?: boolean;
}

/** Authenticates, limits, repeats reads, counts, and turns every outcome into an Answer or a PveError. */
export interface Engine {
  send(call: EngineCall, options: CallOptions): Promise<Answer>;
  endpoint(): string;
  clusterTime(): number | undefined;
  requests(): Readonly<Record<string, number>>;
}

export interface EngineOptions {
  readonly transport: Transport;
  /** "user@realm!id=uuid" */
  readonly token: string;
  /** Shown when the transport names no endpoint. */
  readonly endpoint: string;
  readonly inFlight: number;
  readonly clock: Clock;
  readonly random: Random;
}

/** Proxmox answers slower with more than eight requests at once (measured: 730 reads/s with 8, 280 with 16). */
const MOST_IN_FLIGHT = 8;

export function createEngine(options: EngineOptions): Engine {
  const { transport, clock, random } = options;
  const limiter = createLimiter(Math.min(Math.max(options.inFlight, 1), MOST_IN_FLIGHT));
  const time = createClusterTime(clock);
  const counts = new Map<string, number>();
  let hasAnswered = false;
  const endpoint = (): string => transport.endpoint?.() ?? options.endpoint;
  const once = async (call: EngineCall, request: TransportRequest, how: CallOptions) => {
    const name = `${call.method} ${call.template}`;
    const deadlineMs =
      how.deadlineMs ?? (call.method === 'GET' ? READ_DEADLINE_MS : WRITE_DEADLINE_MS);
    const label = `${call.method} ${call.path}`;
    try {
      const response = await limiter.run(() => {
        counts.set(name, (counts.get(name) ?? 0) + 1);
        return transport.send(request, { deadlineMs, signal: how.signal });
      }, how.signal);
      hasAnswered = true;
      time.note(response.headers.date);
      return readAnswer(label, endpoint(), withoutSecret(response, options.token));
    } catch (error) {
      how.signal?.throwIfAborted();
      throw error instanceof PveError ? error : noAnswer(label, endpoint(), error);
    }
  };
  return {
    send: async (call, how) => {
      const request = encode(call, options.token);
      for (let tries = 1; ; tries += 1) {
        try {
          return await once(call, request, how);
        } catch (error) {
          const again =
            call.method === 'GET' && how.retry !== false && tries < triesOf(error, hasAnswered);
          if (!again) throw error;
          await clock.sleep(pauseMs(tries, random), how.signal);
        }
      }
    },
    endpoint,
    clusterTime: time.now,
    requests: () => Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** A proxy may tell a refused request with all its headers, and errors are shown to people and logs. */
function withoutSecret(response: TransportResponse, token: string): TransportResponse {
  if (response.status < 300) return response;
  const secret = token.slice(token.indexOf('=') + 1);
  const hide = (text: string): string => text.replaceAll(secret, '(secret)');
  const headers = Object.entries(response.headers).map(([name, text]) => [name, hide(text)]);
  return {
    ...response,
    reason: hide(response.reason),
    headers: Object.fromEntries(headers),
    body: hide(response.body),
  };
}

function encode(call: EngineCall, token: string): TransportRequest {
  const form = encodeForm(call.params);
  // DELETE takes its parameters in the query; with a body it is answered with 501.
  const inBody = call.method === 'POST' || call.method === 'PUT';
  return {
    method: call.method,
    path: inBody || form === '' ? call.path : `${call.path}?${form}`,
    headers: {
      accept: 'application/json',
      authorization: `PVEAPIToken=${token}`,
      ...(inBody ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
    },
    body: inBody ? form : '',
  };
}

/**
 * How often a read that ended so is tried in all. A dead node takes 3 s to be found dead: once more is enough. An
 * API that answered before and refuses connections is being restarted, as an upgrade does it: that takes seconds.
 */
function triesOf(error: unknown, hasAnswered: boolean): number {
  if (!(error instanceof PveError)) return 1;
  const { failure, status, reason } = error.facts;
  if (status === 595 || isLate(error)) return 2;
  if (hasAnswered && failure === 'unreachable' && reason.includes('ECONNREFUSED')) return 5;
  if (failure === 'node-unreachable' || failure === 'unanswered' || failure === 'unreachable')
    return 3;
  return status >= 502 && status <= 504 ? 3 : 1;
}

function isLate(error: PveError): boolean {
  return error.cause instanceof TransportFailure && error.cause.facts.late === true;
}

/** 300 ms, then thrice as long each, up to half as long again, so that many clients do not come back together. */
function pauseMs(tries: number, random: Random): number {
  return Math.round(300 * 3 ** (tries - 1) * (1 + random.fraction() / 2));
}

function noAnswer(request: string, endpoint: string, error: unknown): PveError {
  if (!(error instanceof TransportFailure)) {
    const reason = error instanceof Error ? error.message : String(error);
    return new PveError({ failure: 'unanswered', request, endpoint, status: 0, reason }, error);
  }
  const { failure, reason, certificate } = error.facts;
  return new PveError(
    {
      failure,
      request,
      endpoint: error.facts.endpoint ?? endpoint,
      status: 0,
      reason,
      ...(certificate === undefined ? {} : { certificate }),
    },
    error,
  );
}
