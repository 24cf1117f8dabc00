import type { Pve } from '../../../src/model/pve-port.ts';
import { createPve } from '../../../src/pve/create-pve.ts';
import type { Transport, TransportRequest, TransportResponse } from '../../../src/pve/transport.ts';
import { createFakeClock, type FakeClock, RANDOM } from './fake-clock.ts';

export const TOKEN = 'muster@pve!ci=11111111-2222-3333-4444-555555555555';

/** What one request is answered: data with 200, a status, an error to throw, or the like decided by the request. */
export type Canned =
  | { readonly data: unknown; readonly total?: number }
  | {
      readonly status: number;
      readonly reason: string;
      readonly errors?: Readonly<Record<string, string>>;
    }
  | { readonly raw: TransportResponse }
  | { readonly error: Error };

export interface CannedCluster {
  readonly pve: Pve;
  readonly clock: FakeClock;
  /** "GET /version" and so on, in the order sent. */
  readonly sent: readonly string[];
  readonly requests: readonly TransportRequest[];
}

/**
 * A client on answers like those that a real cluster gave. A list of answers is used up one by one; its last one
 * stays. A request that nothing is said about fails the test.
 */
export function cannedCluster(
  routes: Readonly<Record<string, Canned | readonly Canned[]>>,
): CannedCluster {
  const requests: TransportRequest[] = [];
  const sent: string[] = [];
  const left = new Map(Object.entries(routes).map(([key, value]) => [key, [value].flat()]));
  const transport: Transport = {
    send: async (request) => {
      requests.push(request);
      const key = `${request.method} ${request.path}`;
      sent.push(key);
      const answers = left.get(key) ?? left.get(key.replace(/\?.*/, ''));
      const answer = answers !== undefined && answers.length > 1 ? answers.shift() : answers?.[0];
      if (answer === undefined) throw new Error(`no canned answer for ${key}`);
      return respond(answer);
    },
  };
  const clock = createFakeClock();
  const options = { endpoints: [], token: TOKEN, tls: { fingerprints: [] }, parallelism: 8 };
  const pve = createPve({ ...options, transport, clock, random: RANDOM });
  return { pve, clock, requests, sent };
}

const JSON_TYPE = { 'content-type': 'application/json;charset=UTF-8' };

function respond(answer: Canned): TransportResponse {
  if ('error' in answer) throw answer.error;
  if ('raw' in answer) return answer.raw;
  const date = 'Sun, 22 Nov 2026 02:14:00 GMT';
  if ('data' in answer)
    return {
      status: 200,
      reason: 'OK',
      headers: { ...JSON_TYPE, date },
      body: JSON.stringify(answer),
    };
  const { status, reason, errors } = answer;
  // These have neither a body nor a content type.
  if (status === 401 || status >= 595) return { status, reason, headers: { date }, body: '' };
  const body = JSON.stringify({
    data: null,
    message: `${reason}\n`,
    ...(errors === undefined ? {} : { errors }),
  });
  return { status, reason, headers: { ...JSON_TYPE, date }, body };
}
