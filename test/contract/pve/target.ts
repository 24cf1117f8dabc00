/** What the suite runs against: the simulator, or the cluster that MUSTER_CONTRACT_ENDPOINT names. */
import { request as httpsRequest } from 'node:https';
import { createCluster, type SimCluster } from '../../../src/simulator/cluster.ts';
import { contractWorld, SEPARATED_TOKEN, TEST_TOKEN } from './contract-world.ts';

export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How long it took, in ms. */
  readonly tookMs: number;
}

export type Params = Readonly<Record<string, string | readonly string[]>>;

export interface Target {
  /** token: another than the suite's own; null: none at all. */
  call(method: string, path: string, params?: Params, token?: string | null): Promise<Answer>;
  raw(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body: string,
  ): Promise<Answer>;
  sleep(ms: number): Promise<void>;
  /** Values of the placeholders in expectations. */
  readonly names: Readonly<Record<string, string>>;
  /** Only there when it is the simulator. */
  readonly simulator: SimCluster | undefined;
  readonly token: string;
  /** A token without any privilege, if there is one. */
  readonly poorToken: string | undefined;
}

export function openTarget(): Target {
  return process.env.MUSTER_CONTRACT_ENDPOINT === undefined ? simulated() : real(process.env);
}

function formOf(params: Params): string {
  const form = new URLSearchParams();
  for (const [key, value] of Object.entries(params)) {
    for (const item of typeof value === 'string' ? [value] : value) form.append(key, item);
  }
  return form.toString();
}

function wire(method: string, path: string, params: Params | undefined) {
  const form = params === undefined ? '' : formOf(params);
  const inQuery = method === 'GET' || method === 'DELETE';
  const encoded = path.split('/').map(encodeURIComponent).join('/');
  const query = inQuery && form !== '' ? `?${form}` : '';
  return { path: `${encoded}${query}`, body: inQuery ? '' : form };
}

function authorization(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `PVEAPIToken=${token}` };
}

function simulated(): Target {
  let now = Date.UTC(2026, 0, 10, 12);
  const cluster = createCluster(contractWorld(), now);
  const raw: Target['raw'] = async (method, path, headers, body) => {
    const answer = cluster.handle({ method, path, headers, body }, now);
    now += answer.afterMs;
    if (answer.kind === 'dropped') throw new Error('the connection was dropped');
    return { ...answer.response, tookMs: answer.afterMs };
  };
  return {
    raw,
    call: (method, path, params, token = TEST_TOKEN) => {
      const request = wire(method, path, params);
      return raw(method, request.path, authorization(token), request.body);
    },
    sleep: async (ms) => {
      now += ms;
    },
    names: {
      node: 'pve1',
      storage: 'local',
      bridge: 'vmbr0',
      template: '9000',
      pool: 'workers',
      vmid: '200',
      other: '201',
      missing: '4711',
      foreign: '300',
    },
    simulator: cluster,
    token: TEST_TOKEN,
    poorToken: SEPARATED_TOKEN,
  };
}

function real(env: Readonly<Record<string, string | undefined>>): Target {
  const need = (name: string): string => {
    const value = env[`MUSTER_CONTRACT_${name}`];
    if (value === undefined) throw new Error(`MUSTER_CONTRACT_${name} is not set`);
    return value;
  };
  const [from = '0'] = need('VMIDS').split('-');
  const token = need('TOKEN');
  const raw: Target['raw'] = (method, path, headers, body) =>
    send(env, need('ENDPOINT'), method, path, headers, body);
  return {
    raw,
    call: (method, path, params, as = token) => {
      const request = wire(method, path, params);
      const type: Record<string, string> =
        request.body === '' ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
      return raw(method, request.path, { ...authorization(as), ...type }, request.body);
    },
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    names: {
      node: need('NODE'),
      storage: need('STORAGE'),
      bridge: need('BRIDGE'),
      template: need('TEMPLATE'),
      pool: need('POOL'),
      vmid: from,
      other: String(Number(from) + 1),
      missing: String(Number(from) + 2),
      foreign: String(Number(from) + 3),
    },
    simulator: undefined,
    token,
    poorToken: env.MUSTER_CONTRACT_POOR_TOKEN,
  };
}

function send(
  env: Readonly<Record<string, string | undefined>>,
  endpoint: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<Answer> {
  const started = performance.now();
  const ca = env.MUSTER_CONTRACT_CA;
  const pin = env.MUSTER_CONTRACT_FINGERPRINT;
  return new Promise((resolve, reject) => {
    const request = httpsRequest(
      `${endpoint}/api2/json${path}`,
      {
        method,
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        ...(ca === undefined ? {} : { ca }),
        rejectUnauthorized: pin === undefined,
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          resolve({
            status: response.statusCode ?? 0,
            reason: response.statusMessage ?? '',
            headers: Object.fromEntries(
              Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
            ),
            body: Buffer.concat(chunks).toString('utf8'),
            tookMs: performance.now() - started,
          });
        });
      },
    );
    request.on('error', reject);
    /** Nothing is sent, the token least of all, before the certificate is known to be the right one. */
    request.on('socket', (socket) => {
      socket.once('secureConnect', () => {
        const seen = 'getPeerCertificate' in socket ? fingerprint(socket) : undefined;
        if (pin === undefined || seen === pin) request.end(body);
        else request.destroy(new Error(`another certificate: ${seen}`));
      });
    });
  });
}

function fingerprint(socket: object): string | undefined {
  const { getPeerCertificate } = socket as {
    getPeerCertificate: () => { fingerprint256?: string };
  };
  return getPeerCertificate.call(socket).fingerprint256;
}
