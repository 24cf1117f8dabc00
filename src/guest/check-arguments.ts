import { ipVersion } from '../model/ip.ts';
import type { RepositoryTarget, WorkerSpec } from '../model/worker.ts';

export interface CheckQuestion {
  readonly spec: WorkerSpec;
  readonly repositories: readonly RepositoryTarget[];
  /** Absent: no endpoint that a guest could reach (the embedded simulator). */
  readonly pveApi?: { readonly host: string; readonly port: number };
  /** Ms since the epoch. */
  readonly clusterTime: number;
  /** Ms for all checks together. */
  readonly timeout: number;
}

/** Seconds for one connection or name look-up inside the guest. */
const CONNECT_SECONDS = 5;

/** The arguments of the script `checks`: a keyword and its values, repeated. */
export function checkArguments(question: CheckQuestion): readonly string[] {
  const { spec, repositories, pveApi } = question;
  const seconds = Math.floor(question.clusterTime / 1000);
  return [
    ...['within', String(CONNECT_SECONDS)],
    ...['cores', String(spec.cpu.cores)],
    ...['memory', String(spec.memory)],
    ...['disk', String(spec.disk.size)],
    ...['now', String(seconds)],
    ...['gateway', expectsGateway(spec) ? 'required' : 'optional'],
    ...namesToResolve(question),
    ...(pveApi === undefined ? [] : ['pve-api', bare(pveApi.host), String(pveApi.port)]),
    ...repositories.flatMap(({ name, host, port, fingerprint }) => [
      ...['repository', name, bare(host), String(port), fingerprint ?? ''],
    ]),
    ...['source', sourceRule(spec), spec.patch.proxy ?? ''],
  ];
}

/** The ids in the order in which the script answers. */
export function expectedIds(question: CheckQuestion): readonly string[] {
  const repositories = question.repositories.map(({ name }) => `repository:${name}`);
  return [
    ...['resources', 'disk-space', 'clock', 'gateway', 'dns', 'pve-api'],
    ...repositories,
    'update-source',
  ];
}

function expectsGateway(spec: WorkerSpec): boolean {
  return spec.networks.some(({ ipv4 = 'dhcp', ipv6 = 'none' }) =>
    [ipv4, ipv6].some((ip) =>
      typeof ip === 'object' ? ip.gateway !== undefined : ip === 'dhcp' || ip === 'auto',
    ),
  );
}

/** A name fails the check only where the check that needs it could fail too: `pve-api`, for one, only warns. */
function namesToResolve({ repositories, pveApi, spec }: CheckQuestion): readonly string[] {
  const rule = sourceRule(spec);
  const proxy = proxyHost(spec);
  const must = namesOf([...repositories.map(({ host }) => host), rule === 'required' && proxy]);
  const maybe = namesOf([pveApi?.host, rule === 'optional' && proxy]);
  return [
    ...must.flatMap((name) => ['name', name]),
    ...maybe.filter((name) => !must.includes(name)).flatMap((name) => ['maybe', name]),
  ];
}

function namesOf(hosts: readonly (string | false | undefined)[]): readonly string[] {
  const names = hosts.filter((host) => typeof host === 'string');
  return [...new Set(names.filter((host) => ipVersion(bare(host)) === undefined))];
}

function bare(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1');
}

function proxyHost(spec: WorkerSpec): string | undefined {
  const proxy = spec.patch.proxy;
  return proxy !== undefined && URL.canParse(proxy) ? new URL(proxy).hostname : undefined;
}

/** What an unreachable update source means: nothing is fetched, a warning, or a failure. */
function sourceRule(spec: WorkerSpec): 'none' | 'optional' | 'required' {
  if (spec.patch.policy === 'none') return 'none';
  return spec.patch.required ? 'required' : 'optional';
}
