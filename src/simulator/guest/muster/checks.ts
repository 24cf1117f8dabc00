import type { Guest, Program } from '../program.ts';
import { answer, refuse } from './answer.ts';
import { blameDns, type Found, found, type Probe, probeOf, probePort } from './probe.ts';
import { type Question, readQuestion } from './question.ts';
import { checkClock, checkDiskSpace, checkResources } from './system-checks.ts';

export const checks: Program = (call) => {
  const question = readQuestion(call.args);
  if (typeof question === 'string') return refuse(64, `no such keyword: ${question}`);
  const probe = probeOf(call, question.limit);
  const lines: (string | number)[][] = [];
  let took = 20;
  for (const [id, run] of steps(probe, question, call.nowMs)) {
    const { result, seen, hint, ms } = run();
    lines.push(['check', id, result, ms, seen, hint]);
    took += ms;
    if (result === 'fail') break;
  }
  return answer([...lines, ['end']], took);
};

function steps(
  probe: Probe,
  question: Question,
  nowMs: number,
): readonly (readonly [string, () => Found])[] {
  const { guest } = probe;
  return [
    ['resources', () => checkResources(guest, question)],
    ['disk-space', () => checkDiskSpace(guest)],
    ['clock', () => checkClock(guest, question, nowMs)],
    ['gateway', () => checkGateway(probe, question)],
    ['dns', () => checkNames(probe, question)],
    ['pve-api', () => checkPveApi(probe, question)],
    ...question.repositories.map(
      (repository) =>
        [`repository:${repository.name}`, () => checkRepository(probe, repository)] as const,
    ),
    ['update-source', () => checkSource(probe, question)],
  ];
}

function checkGateway({ gateway, gatewayAnswers }: Probe, question: Question): Found {
  if (gateway === undefined)
    return question.gateway === 'required'
      ? found(
          'fail',
          'no default route',
          'DHCP gave no gateway, or the image did not take its network settings',
        )
      : found('skip', 'none declared');
  if (gatewayAnswers) return found('pass', `${gateway} answers`);
  const hint = 'wrong bridge or VLAN, a wrong address, or the gateway is down';
  return found('fail', `${gateway} does not answer`, hint, 4000);
}

function checkNames(probe: Probe, { names, maybe }: Question): Found {
  const all = [...names, ...maybe];
  if (all.length === 0) return found('skip', 'no names to resolve');
  let seen = '';
  for (const [at, name] of all.entries()) {
    const address = probe.network.resolve(name)[0];
    if (address === undefined) {
      const words = `${seen === '' ? '' : `${seen}; `}${name}: not found`;
      const result = at < names.length ? 'fail' : 'warn';
      return found(result, words, blameDns(probe), probe.limit * 1000);
    }
    seen += `${seen === '' ? '' : ', '}${name} is ${address}`;
  }
  return found('pass', seen);
}

function checkPveApi(probe: Probe, { pveApi }: Question): Found {
  if (pveApi === undefined) return found('skip', 'no endpoint that a guest could reach');
  return lenient(probePort(probe, pveApi.host, pveApi.port));
}

/** No way there is worth a warning, not a failure. */
function lenient(outcome: Found): Found {
  return outcome.result === 'fail' ? { ...outcome, result: 'warn' } : outcome;
}

function checkRepository(probe: Probe, repository: Question['repositories'][number]): Found {
  const { host, port, fingerprint } = repository;
  const reached = probePort(probe, host, port);
  if (reached.result !== 'pass' || fingerprint === '') return reached;
  const connection = probe.network.connect(host, Number(port));
  const shown = connection.kind === 'open' ? plain(connection.tlsFingerprint ?? '') : '';
  const want = plain(fingerprint);
  if (shown === '')
    return found(
      'fail',
      `${reached.seen}, no TLS certificate`,
      `something else listens on port ${port}, or TLS is broken`,
    );
  if (shown !== want)
    return found(
      'fail',
      `${reached.seen}, certificate ${shown}`,
      `fingerprint ${want} is declared: the certificate was renewed, or somebody else answers`,
    );
  return { ...reached, seen: `${reached.seen}, certificate as declared` };
}

function plain(fingerprint: string): string {
  return fingerprint.replace(/[: ]/g, '').toLowerCase();
}

/** From the guest's own settings where it has any, else the mirror that its distribution stands for. */
function checkSource(probe: Probe, { source, proxy }: Question): Found {
  if (source === 'none') return found('skip', 'patch.policy is none');
  const url = proxy === '' ? sourceOf(probe.guest) : proxy;
  const outcome = url === undefined ? askMirror(probe) : probeUrl(probe, url, proxy !== '');
  return source === 'required' ? outcome : lenient(outcome);
}

function probeUrl(probe: Probe, url: string, isProxy: boolean): Found {
  if (!URL.canParse(url)) return found('skip', 'no update source on the network is configured');
  const { hostname, port, protocol } = new URL(url);
  const outcome = probePort(probe, hostname, port || (protocol === 'https:' ? '443' : '80'));
  return isProxy ? { ...outcome, seen: `proxy ${outcome.seen}` } : outcome;
}

function askMirror({ network }: Probe): Found {
  const { reachable, why } = network.mirror();
  return reachable
    ? found('pass', 'the mirror of the distribution answers')
    : found('fail', why, 'the mirror of the distribution can not be reached');
}

/** Where apt is told its sources, or of a list of mirrors. */
const SOURCES = /^\/etc\/apt\/(?:sources\.list$|sources\.list\.d\/|mirrors\/)/;

function sourceOf(guest: Guest): string | undefined {
  const paths = Object.keys(guest.files).filter((path) => SOURCES.test(path));
  const text = paths.map((path) => guest.files[path]?.content ?? '').join('\n');
  return /^(?!\s*#).*?(https?:\/\/\S+)/m.exec(text)?.[1];
}
