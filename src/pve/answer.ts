import { PveError, type PveFailure } from '../model/errors.ts';
import { asOptionalMembers, type Members } from './answer-shape.ts';
import type { TransportResponse } from './transport.ts';

export interface Answer {
  readonly data: unknown;
  /** The length of the whole list, where Proxmox cuts one (task logs). */
  readonly total?: number;
}

/** The longest text of Proxmox' that is kept of a failed request. */
const MAX_REASON = 2_000;

/** The answer's data. Throws PveError for anything but a 2xx with JSON of Proxmox' own. */
export function readAnswer(request: string, endpoint: string, response: TransportResponse): Answer {
  const { status } = response;
  const body = readJson(response);
  const ok = status >= 200 && status < 300;
  if (ok && body !== undefined && 'data' in body) {
    const { total } = body;
    return { data: body.data, ...(typeof total === 'number' ? { total } : {}) };
  }
  const strange = ok || (status >= 300 && status < 400) || isFromProxy(response);
  if (strange)
    throw new PveError({
      failure: 'garbled',
      request,
      endpoint,
      status,
      reason: `not an answer of Proxmox VE (${describeBody(response)})`,
    });
  throw refusal(request, endpoint, response, body ?? {});
}

function refusal(
  request: string,
  endpoint: string,
  response: TransportResponse,
  body: Members,
): PveError {
  const message = typeof body.message === 'string' ? tidy(body.message) : '';
  const errors = Object.entries(asErrors(body.errors)).map(([key, text]) => [
    key,
    tidy(String(text)),
  ]);
  return new PveError({
    failure: failureOf(response.status),
    request,
    endpoint,
    status: response.status,
    reason: message || tidy(response.reason) || 'no reason given',
    ...(errors.length > 0 ? { errors: Object.fromEntries(errors) } : {}),
  });
}

function failureOf(status: number): PveFailure {
  switch (status) {
    case 400:
      return 'refused';
    case 401:
      return 'unauthenticated';
    case 403:
      return 'forbidden';
    case 501:
      return 'not-implemented';
    case 595:
    case 596:
    case 599:
      return 'node-unreachable';
    default:
      return 'failed';
  }
}

function readJson(response: TransportResponse): Members | undefined {
  if (response.body === '' || isHtml(response)) return undefined;
  try {
    return asOptionalMembers(JSON.parse(response.body));
  } catch {
    return undefined;
  }
}

/** A 502, 503 or 504, or HTML: Proxmox sends neither, proxies and load balancers in front of it do. */
function isFromProxy(response: TransportResponse): boolean {
  return isHtml(response) || (response.status >= 502 && response.status <= 504);
}

function isHtml(response: TransportResponse): boolean {
  return /\bhtml\b/i.test(response.headers['content-type'] ?? '') || /^\s*</.test(response.body);
}

function describeBody(response: TransportResponse): string {
  const { location, 'content-type': type } = response.headers;
  if (location !== undefined) return `it redirects to ${location.slice(0, 200)}`;
  const words = tidy(response.reason).slice(0, 200);
  return (
    `${response.status} ${words}`.trim() + (type === undefined ? '' : `, ${type.slice(0, 80)}`)
  );
}

function asErrors(value: unknown): Members {
  try {
    return asOptionalMembers(value);
  } catch {
    return {};
  }
}

function tidy(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > MAX_REASON ? `${trimmed.slice(0, MAX_REASON)}...` : trimmed;
}
