import { isAbsolute, join, resolve } from 'node:path';
import { isCi } from '../model/ci.ts';
import type { ClusterSpec } from '../model/declaration.ts';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { PveSpec } from './context.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** user@realm!id=uuid, as PVE prints it; some tools put the header's word before it. */
const TOKEN = /^(?:PVEAPIToken=)?([^\s@!=]+@[A-Za-z0-9._-]+![A-Za-z0-9._-]+=[0-9a-fA-F-]{36})$/;

/** Where the simulator of a project keeps its world. */
const SIMULATOR_FILE = '.muster/simulator.json';

/**
 * How to reach the cluster: the environment overrides the YAML. Under CI the token goes only to endpoints that the
 * environment names, because the YAML of a pull request may name any. A declaration for the simulator is left only
 * by MUSTER_PVE_ENDPOINT: PROXMOX_VE_ENDPOINT stands in many environments for other tools, and a rehearsal must
 * not end up on a real cluster by it.
 */
export async function pveSpecOf(
  cluster: ClusterSpec,
  sources: {
    readonly env: Env;
    readonly root: string;
    /** What paths in the environment are relative to: they are of whoever types, not of the project. */
    readonly cwd: string;
    readonly parallelism: number;
    /** Text of a PEM file, by its path: absolute, or relative to the project and in it. */
    readonly readCa: (path: string) => Promise<string>;
  },
): Promise<PveSpec> {
  const { env, root, parallelism } = sources;
  const simulated = cluster.endpoints.length === 1 && cluster.endpoints[0] === 'simulator';
  const own = words(env.MUSTER_PVE_ENDPOINT);
  const named = own.length > 0 || simulated ? own : words(env.PROXMOX_VE_ENDPOINT);
  const endpoints = named.length > 0 ? named.map(bareEndpoint) : cluster.endpoints;
  if (endpoints.length === 1 && endpoints[0] === 'simulator')
    return { kind: 'simulator', file: join(root, SIMULATOR_FILE), parallelism };
  if (endpoints.length === 0)
    throw missing(
      'no endpoint is known',
      'MUSTER_PVE_ENDPOINT, or cluster.endpoint in muster.yaml',
    );
  if (isCi(env) && named.length === 0) throw notInCi(endpoints);
  const token = tokenOf(env);
  return { kind: 'api', endpoints, token, tls: await tlsOf(cluster, sources), parallelism };
}

function tokenOf(env: Env): string {
  const [name, text] = isGiven(env.MUSTER_PVE_TOKEN)
    ? ['MUSTER_PVE_TOKEN', env.MUSTER_PVE_TOKEN]
    : ['PROXMOX_VE_API_TOKEN', env.PROXMOX_VE_API_TOKEN];
  if (!isGiven(text))
    throw missing(
      'no API token is known',
      'MUSTER_PVE_TOKEN=user@realm!id=uuid; muster doctor --print-setup prints the commands that make one',
    );
  const token = TOKEN.exec(text.trim())?.[1];
  if (token !== undefined) return token;
  const message = `${name} does not look like a token (its ${text.length} characters are not shown)`;
  const remedy = 'It must be user@realm!id=uuid, as "pveum user token add" prints id and value.';
  throw new DiagnosticsError([problem('bad-token', message, remedy)]);
}

async function tlsOf(
  cluster: ClusterSpec,
  {
    env,
    cwd,
    readCa,
  }: {
    readonly env: Env;
    readonly cwd: string;
    readonly readCa: (path: string) => Promise<string>;
  },
) {
  const fingerprints = words(env.MUSTER_PVE_FINGERPRINT);
  const ca = isGiven(env.MUSTER_PVE_CA) ? env.MUSTER_PVE_CA : undefined;
  const fromEnv = fingerprints.length > 0 || ca !== undefined;
  const named = fromEnv ? ca : cluster.tls.ca;
  if (!fromEnv && isCi(env) && named !== undefined && isAbsolute(named)) throw caOutside(named);
  const isText = named === undefined || named.includes('-----BEGIN CERTIFICATE-----');
  const text = isText ? named : await readCa(fromEnv ? resolve(cwd, named) : named);
  return {
    fingerprints: fromEnv ? fingerprints : cluster.tls.fingerprints,
    ...(text === undefined ? {} : { ca: text }),
  };
}

function isGiven(text: string | undefined): text is string {
  return text !== undefined && text.trim() !== '';
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/[\s,]+/).filter((word) => word !== '');
}

/** Other tools want a slash or the API's path at the end. */
function bareEndpoint(endpoint: string): string {
  return endpoint.replace(/\/+(?:api2\/?(?:json\/?)?)?$/, '');
}

function missing(message: string, remedy: string): DiagnosticsError {
  return new DiagnosticsError([problem('no-credentials', message, `Set ${remedy}.`)]);
}

function notInCi(endpoints: readonly string[]): DiagnosticsError {
  return new DiagnosticsError([
    problem(
      'endpoint-not-named',
      `under CI the token goes only to endpoints that the environment names, and ${endpoints.join(', ')} stands only in the YAML`,
      'Set MUSTER_PVE_ENDPOINT in the CI settings: the YAML of a pull request could name any address.',
      ['The token was not sent.'],
    ),
  ]);
}

function caOutside(path: string): DiagnosticsError {
  const message = `under CI the YAML can't name a file outside the project, and cluster.tls.ca is ${path}`;
  const remedy = 'Put the certificate into the project, or set MUSTER_PVE_CA in the CI settings.';
  return new DiagnosticsError([problem('ca-outside-project', message, remedy)]);
}
