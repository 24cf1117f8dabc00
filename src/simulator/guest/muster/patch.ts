import type { Guest, GuestEffect, Program, UpgradablePackage } from '../program.ts';
import { MANAGER_PROCESS } from './activity.ts';

const SOURCE_MS = 3_000;
const UNREACHABLE_MS = 20_000;
const DOWNLOAD_MS = 1_000;
const INSTALL_MS = 2_000;
/** Of a patching that installs when its time is over: it is let go on. */
const LATE = 'it took longer than timeouts.patch, a package manager at work is not cut off';

type Fact = readonly (string | number)[];

/** Installs what is waiting, as far as the mirror can be reached and nobody else is at it. */
export const patch: Program = (call) => {
  const { guest, args, env, network, nowMs } = call;
  const [policy = 'all', proxy = '', patience = '0'] = args;
  const result = `${env.MUSTER_ATTEMPT ?? '/tmp'}/result`;
  const manager: Fact = ['manager', guest.os.packageManager];
  const locked = Math.max(0, guest.packages.lockedUntilMs - nowMs);
  const holder = MANAGER_PROCESS[guest.os.packageManager];
  const lock: Fact[] =
    locked > 0
      ? [
          ['phase', 'lock'],
          ['holder', holder],
        ]
      : [];
  const patienceMs = Number(patience) * 1000;
  if (locked > patienceMs)
    return ended(
      result,
      [manager, ...lock],
      outcome('failed', `another package manager did not end: ${holder}`),
      patienceMs,
    );
  const mirror = network.mirror(proxy === '' ? undefined : proxy);
  const source: Fact[] = [manager, ...lock, ['phase', 'source']];
  const standing: Fact = ['reboot', guest.rebootRequired ? 'yes' : 'no'];
  if (!mirror.reachable)
    return ended(
      result,
      source,
      [standing, ...outcome('unreachable', mirror.why)],
      locked + UNREACHABLE_MS,
    );
  const waiting = waitingPackages(guest, policy);
  const known = locked + SOURCE_MS;
  const downloaded = known + waiting.length * DOWNLOAD_MS;
  const takes = downloaded + waiting.length * INSTALL_MS;
  guest.packages.lockedUntilMs = nowMs + takes;
  guest.packages.refreshedMs = nowMs + known;
  const reboot = guest.rebootRequired || waiting.some((entry) => entry.needsReboot === true);
  const found: Fact[] = [...source, ['waiting', waiting.length], ['phase', 'download']];
  const begun: Fact[] = [...found, ['phase', 'install']];
  const effects = (message: string): GuestEffect[] => [
    ...installEffects(waiting),
    written(result, [
      ...begun,
      ...waiting.map(({ name, from, to }) => ['package', name, from, to]),
      ['reboot', reboot ? 'yes' : 'no'],
      ...outcome('patched', message),
    ]),
  ];
  const own = note(guest, policy);
  return {
    ...{ stdout: '', stderr: '', exit: 0, takesMs: takes },
    during: [
      { afterMs: 0, effect: written(result, source) },
      { afterMs: known, effect: written(result, found) },
      { afterMs: downloaded, effect: written(result, begun) },
    ],
    effects: effects(own),
    late: { fromMs: downloaded, effects: effects(own === '' ? LATE : `${own}; ${LATE}`) },
  };
};

function waitingPackages(guest: Guest, policy: string): readonly UpgradablePackage[] {
  const { upgradable } = guest.packages;
  if (policy !== 'security' || guest.os.packageManager === 'apk') return upgradable;
  return upgradable.filter(({ security }) => security);
}

function note(guest: Guest, policy: string): string {
  return policy === 'security' && guest.os.packageManager === 'apk'
    ? 'apk knows no security updates apart: all were installed'
    : '';
}

function installEffects(waiting: readonly UpgradablePackage[]): GuestEffect[] {
  const names = waiting.map(({ name }) => name);
  return [
    { kind: 'installed', packages: names },
    { kind: 'unlock-packages' },
    // Its own package restarts the agent, and systemd ends what the agent had started.
    ...(names.includes('qemu-guest-agent') ? [{ kind: 'restart-agent' } as const] : []),
  ];
}

function outcome(word: string, message: string): Fact[] {
  return [
    ['phase', 'done'],
    ['message', message],
    ['outcome', word],
  ];
}

/** Without anything installed. */
function ended(path: string, begun: readonly Fact[], facts: readonly Fact[], takesMs: number) {
  return {
    ...{ stdout: '', stderr: '', exit: 1, takesMs },
    during: [{ afterMs: 0, effect: written(path, begun) }],
    effects: [written(path, [...begun, ...facts])],
  };
}

function written(path: string, facts: readonly Fact[]): GuestEffect {
  const content = facts.map((row) => `${row.join('\t')}\n`).join('');
  return { kind: 'write-file', path, content };
}
