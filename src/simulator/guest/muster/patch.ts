import type { Guest, GuestEffect, Program, UpgradablePackage } from '../program.ts';
import { MANAGER_PROCESS } from './activity.ts';

const SOURCE_MS = 3_000;
const UNREACHABLE_MS = 20_000;
const PACKAGE_MS = 3_000;

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
      [...outcome('failed', `another package manager did not end: ${holder}`)],
      patienceMs,
      [],
      1,
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
      [],
      1,
    );
  const waiting = waitingPackages(guest, policy);
  const takes = locked + SOURCE_MS + waiting.length * PACKAGE_MS;
  guest.packages.lockedUntilMs = nowMs + takes;
  guest.packages.refreshedMs = nowMs + locked + SOURCE_MS;
  const reboot = guest.rebootRequired || waiting.some((entry) => entry.needsReboot === true);
  const facts: Fact[] = [
    ...waiting.map(({ name, from, to }) => ['package', name, from, to]),
    ['reboot', reboot ? 'yes' : 'no'],
    ...outcome('patched', note(guest, policy)),
  ];
  const begun: Fact[] = [...source, ['waiting', waiting.length], ['phase', 'install']];
  return ended(result, begun, facts, takes, installEffects(waiting), 0);
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

function ended(
  path: string,
  begun: readonly Fact[],
  facts: readonly Fact[],
  takesMs: number,
  effects: readonly GuestEffect[],
  exit: number,
) {
  const text = (rows: readonly Fact[]) => rows.map((row) => `${row.join('\t')}\n`).join('');
  const write = (content: string): GuestEffect => ({ kind: 'write-file', path, content });
  return {
    stdout: '',
    stderr: '',
    exit,
    takesMs,
    during: [{ afterMs: 0, effect: write(text(begun)) }],
    effects: [...effects, write(text([...begun, ...facts]))],
  };
}
