import type { Clock, Random } from '../model/ports.ts';
import { type HttpAnswer, HttpFailure, httpExchange } from './http-exchange.ts';
import type { HttpSettings } from './http-settings.ts';
import { failureTrouble } from './http-trouble.ts';

export interface HttpClient {
  readonly settings: HttpSettings;
  /** For messages: the address without credentials and query. */
  readonly where: string;
  /**
   * Sends, and again after failures and 5xx as the settings say: for requests that may be repeated. Throws a
   * DiagnosticsError when no answer came at all. `what` is for messages.
   */
  ask(what: string, request: AskRequest): Promise<HttpAnswer>;
  /** Sends once. Throws HttpFailure. */
  once(request: AskRequest): Promise<HttpAnswer>;
  /** Waits before try number `tries` + 1. */
  pause(tries: number): Promise<void>;
}

export interface AskRequest {
  readonly method: string;
  readonly url: URL;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** How long one request may take. */
const REQUEST_MS = 30_000;

export function httpClient(
  settings: HttpSettings,
  clock: Clock,
  random: Random,
  requestMs = REQUEST_MS,
): HttpClient {
  const exchange = httpExchange(settings.tls);
  const where = `${settings.address.origin}${settings.address.pathname}`;
  const { authorization, retry } = settings;

  const send = ({ method, url, body, headers }: AskRequest, mayRepeat: boolean) =>
    exchange({
      mayRepeat,
      method,
      url,
      deadlineMs: requestMs,
      headers: {
        accept: 'application/json, */*',
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    });

  const pause = (tries: number) => {
    const ms = Math.min(retry.minMs * 2 ** (tries - 1), retry.maxMs);
    return clock.sleep(ms * (0.75 + random.fraction() / 2));
  };

  const ask = async (what: string, request: AskRequest): Promise<HttpAnswer> => {
    for (let tries = 1; ; tries += 1) {
      const isLast = tries > retry.max;
      try {
        const answer = await send(request, true);
        if (isLast || !isPassing(answer)) return answer;
      } catch (error) {
        if (!(error instanceof HttpFailure)) throw error;
        if (isLast || error.untrusted) throw failureTrouble(what, where, error);
      }
      await pause(tries);
    }
  };
  return { settings, where, ask, once: (request) => send(request, false), pause };
}

/** Trouble of the server's that may pass. */
export function isPassing({ status }: HttpAnswer): boolean {
  return status === 429 || (status >= 500 && status !== 501);
}

export function isSuccess({ status }: HttpAnswer): boolean {
  return status >= 200 && status < 300;
}
