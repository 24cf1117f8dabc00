import { ApiError } from './api-error.ts';
import type { SimRequest } from './protocol.ts';

const METHODS = new Set(['GET', 'POST', 'PUT', 'DELETE']);
/** Larger bodies are not even read. */
export const MOST_BODY = 512 * 1024;

export interface ParsedRequest {
  readonly method: string;
  /** Decoded: ['nodes', 'pve1', …]. */
  readonly parts: readonly string[];
  readonly path: string;
  /** Query and body. Repeated keys are joined by NUL. */
  readonly params: Record<string, string>;
}

/** Throws what the server answers before it looks at who asks. */
export function parseRequest(request: SimRequest): ParsedRequest {
  const { method } = request;
  if (!METHODS.has(method))
    throw new ApiError(501, `method '${method}' not available`, { bare: true });
  if (Buffer.byteLength(request.body) > MOST_BODY) {
    throw new ApiError(501, 'for data too large', { bare: true });
  }
  const [rawPath = '', query = ''] = request.path.split('?');
  const parts = rawPath
    .split('/')
    .filter((part) => part !== '')
    .map(decoded);
  const params: Record<string, string> = {};
  addForm(params, query);
  if (request.body !== '') addBody(params, request);
  return { method, parts, path: `/${parts.join('/')}`, params };
}

/** A broken escape stays as it is: the path then simply isn't known. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function addForm(params: Record<string, string>, text: string): void {
  for (const [key, value] of new URLSearchParams(text)) add(params, key, value);
}

function add(params: Record<string, string>, key: string, value: string): void {
  const old = params[key];
  params[key] = old === undefined ? value : `${old}\0${value}`;
}

function addBody(params: Record<string, string>, request: SimRequest): void {
  if (request.method === 'DELETE' || request.method === 'GET') {
    throw new ApiError(501, `Unexpected content for method '${request.method}'`, { bare: true });
  }
  const type = (request.headers['content-type'] ?? 'application/x-www-form-urlencoded').split(
    ';',
  )[0];
  if (type === 'application/json') addJson(params, request.body);
  else if (type === 'application/x-www-form-urlencoded') addForm(params, request.body);
  else {
    throw new ApiError(506, `upload 'Content-Type '${type}' not implemented`, { bare: true });
  }
}

function addJson(params: Record<string, string>, body: string): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new ApiError(500, 'malformed JSON string', { bare: true });
  }
  if (typeof parsed !== 'object' || parsed === null) return;
  for (const [key, value] of Object.entries(parsed)) {
    for (const item of Array.isArray(value) ? value : [value]) {
      add(params, key, typeof item === 'boolean' ? (item ? '1' : '0') : String(item));
    }
  }
}
