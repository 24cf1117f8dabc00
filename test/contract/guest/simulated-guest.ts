import { buildWorld } from '../../../src/simulator/build-world.ts';
import { execute } from '../../../src/simulator/guest/execute.ts';
import { applyEffect, nextInGuest, stepGuest } from '../../../src/simulator/guest/lifetime.ts';
import type { Guest } from '../../../src/simulator/guest/program.ts';
import type { Vm, World } from '../../../src/simulator/world.ts';
import type { Door, GuestDoor, GuestSetup } from './guest-world.ts';

const START = Date.UTC(2026, 10, 22, 2);
const OPEN_PORT = 4801;
const CLOSED_PORT = 4802;

export const simulatedDoor: Door = {
  name: 'simulator',
  simulated: true,
  open: async (setup) => openSimulated(setup),
};

function openSimulated(setup: GuestSetup): GuestDoor {
  const world = buildGuestWorld(setup);
  const vm = world.vms['100'];
  if (vm?.power.guest === undefined) throw new Error('the simulated guest did not boot');
  const guest = () => vm.power.guest ?? failed('the guest is off');
  prepare(guest(), setup);
  return {
    openPort: OPEN_PORT,
    closedPort: CLOSED_PORT,
    now: () => world.nowMs,
    run: async (name, args, stdin = '') => {
      const argv = ['sh', '-c', 'TEXT', `muster-${name}/1`, ...args];
      const result = execute(world, guest(), argv, { stdin }, world.nowMs);
      if (result === undefined) throw new Error(`no program muster-${name}/1`);
      pass(world, vm, world.nowMs + result.takesMs);
      for (const effect of result.effects ?? []) applyEffect(world, vm, effect, world.nowMs);
      return { exit: result.exit, stdout: result.stdout, stderr: result.stderr };
    },
    file: async (path) => vm.power.guest?.files[path],
    writeFile: async (path, content) => {
      const text = typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
      guest().files[path] = { content: text, mode: 0o644, mtimeMs: world.nowMs };
    },
    age: async (path, days) => {
      const file = guest().files[path];
      if (file !== undefined) file.mtimeMs = world.nowMs - days * 86_400_000;
    },
    pass: async (ms) => pass(world, vm, world.nowMs + ms),
    until: async (what, holds) => {
      for (let left = 2000; !(await holds()); left--) {
        if (left === 0) throw new Error(`never: ${what}`);
        pass(world, vm, world.nowMs + 1000);
      }
    },
    forgetVolatile: async () => {
      const { files } = guest();
      for (const path of Object.keys(files)) if (path.startsWith('/run/')) delete files[path];
      guest().processes = [];
    },
    poweredOff: async () => world.events.some(({ kind }) => kind === 'power-off'),
    close: async () => undefined,
  };
}

/** Lets everything happen that is due until then. */
function pass(world: World, vm: Vm, untilMs: number): void {
  for (;;) {
    const guest = vm.power.guest;
    const next = guest === undefined ? undefined : nextInGuest(guest);
    if (next === undefined || next > untilMs) break;
    world.nowMs = Math.max(world.nowMs, next);
    stepGuest(world, vm, world.nowMs);
  }
  world.nowMs = Math.max(world.nowMs, untilMs);
}

function failed(why: string): never {
  throw new Error(why);
}

function buildGuestWorld(setup: GuestSetup): World {
  const { memoryMiB = 6144, diskGiB = 20, cpus = 6, gateway, address = '192.168.2.58' } = setup;
  const segment = '192.168.2.0/24';
  return buildWorld(
    {
      name: 'contract',
      version: '9.2.11',
      nodes: [{ name: 'pve1', cpus: 8, memory: 2 ** 35 }],
      storages: [{ id: 'local', type: 'dir', content: ['images'], size: 2 ** 40 }],
      bridges: [{ name: 'vmbr0' }],
      images: {
        system: {
          os: setup.os === undefined || setup.os === 'arch' ? 'debian' : setup.os,
          hasAgent: true,
          cloudInit: setup.cloudInit !== undefined && setup.cloudInit !== 'absent',
          cloudInitMs: 1000,
          ...(setup.cloudInit === 'error' ? { cloudInitError: '"runcmd failed"' } : {}),
          bootMs: 0,
          sizeBytes: 2 ** 30,
          usedBytes: (setup.usedGiB ?? 2) * 2 ** 30,
          clockSkewMs: (setup.clockSkew ?? 0) * 1000,
          upgradable: [...(setup.upgradable ?? [])],
        },
      },
      vms: [
        {
          vmid: 100,
          node: 'pve1',
          name: 'worker',
          image: 'system',
          storage: 'local',
          disk: diskGiB * 2 ** 30,
          status: 'running',
          config: {
            cores: String(cpus),
            memory: String(memoryMiB),
            ipconfig0: `ip=${address}/24${gateway === undefined ? '' : `,gw=${gateway.address}`}`,
          },
        },
      ],
      network: {
        segments: [
          {
            id: 'lan',
            bridge: 'vmbr0',
            vlan: 0,
            cidr: segment,
            ...(gateway === undefined ? {} : { gateway: gateway.address }),
            gatewayUp: gateway?.answers ?? false,
            uplink: true,
          },
        ],
        hosts: outsideHosts(setup),
        // Reached without a gateway: updates are not what these networks are about.
        mirror: { host: '192.168.2.9', port: 80, up: setup.source?.reachable ?? true },
      },
    },
    START,
  );
}

function outsideHosts({ names = {}, ports = {}, answering = [], nameServers = [] }: GuestSetup) {
  const addresses = new Set([
    ...['127.0.0.1', '192.168.2.9'],
    ...Object.values(names),
    ...answering,
    ...Object.keys(ports).map((place) => place.split(':')[0] ?? ''),
  ]);
  return [...addresses].map((address) => ({
    addresses: [address],
    names: Object.keys(names).filter((name) => names[name] === address),
    ports: { '127.0.0.1': { [OPEN_PORT]: '' }, '192.168.2.9': { 80: '' } }[address] ?? {},
    resolver: nameServers.includes(address),
    up:
      !Object.keys(ports).some((place) => place.startsWith(`${address}:`)) ||
      answering.includes(address),
  }));
}

function prepare(guest: Guest, setup: GuestSetup): void {
  guest.dns.servers = [...(setup.nameServers ?? [])];
  guest.cloudInitDoneMs =
    setup.cloudInit === undefined || setup.cloudInit === 'absent'
      ? null
      : setup.cloudInit !== 'running'
        ? START
        : START + 3_600_000;
  if (setup.packagesBusy === true) guest.packages.lockedUntilMs = START + 3_600_000;
  if (setup.os === 'alpine' || setup.systemd !== true) guest.os.init = 'openrc';
  for (const [path, content] of Object.entries(setup.files ?? {}))
    guest.files[path] = { content, mode: 0o644, mtimeMs: START };
}
