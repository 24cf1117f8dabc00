import { type ApiRequestable, type Proxmox, proxmoxApi } from 'proxmox-api';
import { PveError } from '../model/errors.ts';
import type { PveParams } from '../model/pve-port.ts';
import type { Answer } from './answer.ts';
import { ShapeError } from './answer-shape.ts';
import type { CallOptions, Engine, EngineCall } from './engine.ts';

/** Proxmox' API as proxmox-api types it: paths, methods and parameters. Answers are parsed by us. */
export type Api = Proxmox.Api;

/**
 * Makes one call and reads its answer: `call((api) => api.version.$get(), readVersion)`. Throws PveError, with
 * failure `garbled` when `read` finds an answer of another shape.
 */
export type Caller = <T>(
  request: (api: Api) => Promise<unknown>,
  read: (data: unknown, total: number | undefined) => T,
  options?: CallOptions,
) => Promise<T>;

/**
 * POST and PUT with parameters that proxmox-api's types (of PVE 8.0) do not all list: newer ones, indexed keys
 * beyond net3 and scsi3, a config's values. Proxmox verifies names and values, and refuses unknown ones.
 */
export function post(
  endpoint: { $post(params: PveParams): Promise<unknown> },
  params: PveParams,
): Promise<unknown> {
  return endpoint.$post(params);
}

export function put(
  endpoint: { $put(params: PveParams): Promise<unknown> },
  params: PveParams,
): Promise<unknown> {
  return endpoint.$put(params);
}

const ROOT = '/api2/json';

/** proxmox-api's typed proxy over our own engine; its own engine repeats writes and knows no TLS options. */
export function createCaller(engine: Engine): Caller {
  return async (request, read, options = {}) => {
    let sent: EngineCall | undefined;
    let answer: Answer | undefined;
    const requestable: ApiRequestable = {
      doRequest: async (method, path, template, params) => {
        sent = {
          method: verb(method),
          path: relative(path),
          template: relative(template),
          params: params ?? {},
        };
        answer = await engine.send(sent, options);
        return answer.data;
      },
    };
    const data = await request(proxmoxApi(requestable));
    try {
      return read(data, answer?.total);
    } catch (error) {
      throw error instanceof ShapeError ? garbled(sent, engine.endpoint(), error) : error;
    }
  };
}

function verb(method: string): EngineCall['method'] {
  const upper = method.toUpperCase();
  if (upper === 'GET' || upper === 'POST' || upper === 'PUT' || upper === 'DELETE') return upper;
  throw new TypeError(`no such method: ${method}`);
}

function relative(path: string): string {
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

function garbled(call: EngineCall | undefined, endpoint: string, error: ShapeError): PveError {
  const request = call === undefined ? 'unknown request' : `${call.method} ${call.path}`;
  const reason = `not the answer that this request has: ${error.message}`;
  return new PveError({ failure: 'garbled', request, endpoint, status: 200, reason }, error);
}
