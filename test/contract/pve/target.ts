/**
 * What the suite runs against: the simulator, or the cluster that MUSTER_CONTRACT_ENDPOINT (https://host:8006) names.
 * Then these are needed, each behind MUSTER_CONTRACT_: TOKEN (user@realm!id=secret, with every privilege), NODE,
 * STORAGE (a directory), BRIDGE, POOL, TEMPLATE (vmid of one with a guest agent), VMIDS (9300-9399: all free).
 * CA (a file, or its PEM) or FINGERPRINT (SHA-256) say which certificate is trusted; POOR_TOKEN is one without any
 * privilege. Every file of the suite has ids of its own in that range, makes VMs under these only, and removes them.
 */
import { readFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { vi } from 'vitest';
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

/** Ids that one file of the suite may use. */
const IDS = ['vmid', 'other', 'missing'];
/** A real guest takes minutes where the simulated one takes none. */
const REAL_TIMEOUT_MS = 900_000;

/**
 * `share`: which ids of the range are this file's, 0, 1, … Files run side by side. Throws when one of them is taken:
 * the suite writes to and deletes what is under them.
 */
export async function openTarget(share: number): Promise<Target> {
  if (process.env.MUSTER_CONTRACT_ENDPOINT === undefined) return simulated();
  vi.setConfig({ testTimeout: REAL_TIMEOUT_MS, hookTimeout: REAL_TIMEOUT_MS });
  const target = real(process.env, share);
  for (const name of IDS) await requireFree(target, target.names[name] ?? '');
  await requirePoor(target);
  return target;
}

async function requireFree(target: Target, vmid: string): Promise<void> {
  const { status, reason, body } = await target.call('GET', '/cluster/nextid', { vmid });
  if (status !== 200)
    throw new Error(
      `id ${vmid} of MUSTER_CONTRACT_VMIDS can't be used: ${status} ${reason} ${body}`,
    );
}

/** Its requests are meant to be refused: one that is not would delete the template. */
async function requirePoor({ call, poorToken }: Target): Promise<void> {
  if (poorToken === undefined) return;
  const { status, body } = await call('GET', '/access/permissions', {}, poorToken);
  if (status !== 200 || JSON.stringify(JSON.parse(body).data) !== '{}')
    throw new Error(`MUSTER_CONTRACT_POOR_TOKEN must have no privilege at all: ${status} ${body}`);
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

type Env = Readonly<Record<string, string | undefined>>;

/** The value of MUSTER_CONTRACT_*; throws with all that are missing. */
function settings<K extends string>(env: Env, names: readonly K[]): Readonly<Record<K, string>> {
  const missing = names.filter((name) => !env[`MUSTER_CONTRACT_${name}`]);
  if (missing.length > 0)
    throw new Error(`not set: ${missing.map((name) => `MUSTER_CONTRACT_${name}`).join(', ')}`);
  const found = names.map((name) => [name, env[`MUSTER_CONTRACT_${name}`] ?? '']);
  return Object.fromEntries(found) as Record<K, string>;
}

function idsOf(range: string, share: number): Readonly<Record<string, string>> {
  const [, from = '', to = ''] = /^(\d+)-(\d+)$/.exec(range) ?? [];
  const first = Number(from) + share * IDS.length;
  if (from === '' || Number(to) < first + IDS.length - 1)
    throw new Error(`MUSTER_CONTRACT_VMIDS must be FROM-TO with 9 ids at least, not "${range}"`);
  return Object.fromEntries(IDS.map((name, index) => [name, String(first + index)]));
}

function real(env: Env, share: number): Target {
  const names = ['TOKEN', 'NODE', 'STORAGE', 'BRIDGE', 'TEMPLATE', 'POOL', 'VMIDS'] as const;
  const given = settings(env, names);
  const token = given.TOKEN;
  const trust = trustOf(env);
  const endpoint = (env.MUSTER_CONTRACT_ENDPOINT ?? '').replace(/\/+$/, '');
  const raw: Target['raw'] = (method, path, headers, body) =>
    send(trust, endpoint, method, path, headers, body);
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
      node: given.NODE,
      storage: given.STORAGE,
      bridge: given.BRIDGE,
      template: given.TEMPLATE,
      pool: given.POOL,
      ...idsOf(given.VMIDS, share),
    },
    simulator: undefined,
    token,
    poorToken: env.MUSTER_CONTRACT_POOR_TOKEN,
  };
}

interface CertificateTrust {
  readonly ca: string | undefined;
  /** SHA-256 in upper case, without colons. */
  readonly pin: string | undefined;
}

function trustOf(env: Env): CertificateTrust {
  const ca = env.MUSTER_CONTRACT_CA || undefined;
  const pin = env.MUSTER_CONTRACT_FINGERPRINT || undefined;
  return {
    ca: ca === undefined || ca.includes('-----BEGIN') ? ca : readFileSync(ca, 'utf8'),
    pin: pin?.replaceAll(':', '').toUpperCase(),
  };
}

function send(
  { ca, pin }: CertificateTrust,
  endpoint: string,
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<Answer> {
  const started = performance.now();
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
  return getPeerCertificate.call(socket).fingerprint256?.replaceAll(':', '');
}
