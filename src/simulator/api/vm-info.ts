import { mayOnVms } from '../access.ts';
import { failed } from '../api-error.ts';
import { instanceId } from '../guest/boot.ts';
import {
  coresOf,
  digestOf,
  isRunning,
  memoryOf,
  needVm,
  shownConfig,
  typed,
} from '../vm/config.ts';
import { bootDisk, netKey, parseDrive, parseNic, parseSize } from '../vm/drives.ts';
import type { Vm, World } from '../world.ts';
import { type Ctx, flag, type Handler, param, reply } from './context.ts';

export const getConfig: Handler = (ctx) => {
  const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  const { snapshot } = ctx.params;
  if (snapshot === undefined) return reply(shownConfig(vm, flag(ctx, 'current')));
  const taken = vm.snapshots[snapshot];
  if (taken === undefined) throw failed(`snapshot '${snapshot}' does not exist`);
  return reply(
    Object.fromEntries(
      Object.entries(taken.config).map(([key, value]) => [key, typed(key, value)]),
    ),
  );
};

export const getPending: Handler = (ctx) => {
  const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  const keys = new Set([...Object.keys(vm.config), ...Object.keys(vm.pending)]);
  const rows = [...keys].map((key) => {
    const row: Record<string, unknown> = { key };
    const mask = (value: string) => (key === 'cipassword' ? '**********' : typed(key, value));
    const [value, pending] = [vm.config[key], vm.pending[key]];
    if (value !== undefined) row.value = mask(value);
    if (pending !== undefined) row.pending = mask(pending);
    if (vm.pendingDelete.includes(key)) row.delete = 1;
    return row;
  });
  return reply([...rows, { key: 'digest', value: digestOf(vm) }]);
};

/** What every list and status of a VM has. */
function basics(world: World, vm: Vm): Record<string, unknown> {
  const config = isRunning(vm) ? (vm.running?.config ?? vm.config) : vm.config;
  const disk = bootDisk(vm.config);
  const running = isRunning(vm);
  return {
    vmid: vm.vmid,
    name: vm.config.name ?? `VM ${vm.vmid}`,
    status: vm.power.status,
    cpus: vm.running?.cpus ?? coresOf(config),
    maxmem: memoryOf(config) * 1024 ** 2,
    maxdisk:
      disk === undefined ? 0 : parseSize(parseDrive(vm.config[disk] ?? '').options.size ?? '0'),
    uptime: running ? Math.floor((world.nowMs - vm.power.startedMs) / 1000) : 0,
    cpu: running ? 0.02 : 0,
    mem: running ? Math.floor(memoryOf(config) * 1024 ** 2 * 0.4) : 0,
    memhost: running ? Math.floor(memoryOf(config) * 1024 ** 2 * 0.5) : 0,
    disk: 0,
    netin: 0,
    netout: 0,
    ...(vm.config.template === '1' ? { template: 1 } : {}),
    ...(vm.config.lock === undefined ? {} : { lock: vm.config.lock }),
    ...(vm.config.tags === undefined ? {} : { tags: vm.config.tags }),
    ...(vm.config.serial0 === undefined ? {} : { serial: 1 }),
  };
}

function pressures(): Record<string, number> {
  return {
    pressurecpusome: 0,
    pressurecpufull: 0,
    pressureiosome: 0,
    pressureiofull: 0,
    pressurememorysome: 0,
    pressurememoryfull: 0,
  };
}

function runningDetails(vm: Vm): Record<string, unknown> {
  const memory = (vm.running?.memoryMiB ?? 512) * 1024 ** 2;
  const nics = Object.keys(vm.config).filter((key) => netKey.test(key));
  return {
    ...pressures(),
    pid: vm.power.pid,
    diskread: 0,
    diskwrite: 0,
    nics: Object.fromEntries(
      nics.map((key) => [`tap${vm.vmid}i${key.slice(3)}`, { netin: 0, netout: 0 }]),
    ),
    ...(vm.power.hung
      ? {}
      : {
          balloon: memory,
          ballooninfo: { actual: memory, max_mem: memory },
          blockstat: {},
          'proxmox-support': { 'pbs-dirty-bitmap': true, 'backup-max-workers': true },
          'running-machine': 'pc-i440fx-10.0+pve1',
          'running-qemu': '10.0.13',
        }),
  };
}

export const getStatus: Handler = (ctx) => {
  const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  const ha = ctx.world.ha[`vm:${vm.vmid}`];
  const agent = /^(?:enabled=)?1(?:,|$)/.test(vm.config.agent ?? '');
  const data: Record<string, unknown> = {
    ...basics(ctx.world, vm),
    qmpstatus: vm.power.qmpstatus,
    ha: ha === undefined ? { managed: 0 } : { managed: 1, state: ha.state },
    ...(agent ? { agent: 1 } : {}),
    ...(vm.config.vga === undefined ? {} : { clipboard: null }),
    ...(isRunning(vm) ? runningDetails(vm) : {}),
  };
  return reply(data, vm.power.hung ? 3000 : 0);
};

export const listVms: Handler = (ctx) => {
  const seen = mayOnVms(ctx.world, ctx.caller, 'VM.Audit');
  const vms = Object.values(ctx.world.vms).filter((vm) => vm.node === ctx.node && seen(vm.vmid));
  const rows = vms.map((vm) => ({
    ...basics(ctx.world, vm),
    ...(isRunning(vm) ? { ...pressures(), pid: vm.power.pid } : {}),
    ...(flag(ctx, 'full') ? { qmpstatus: vm.power.qmpstatus } : {}),
  }));
  return reply(rows, 90 + vms.length / 4);
};

export const getSnapshots: Handler = (ctx) => {
  const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  const taken = Object.values(vm.snapshots).map((snapshot) => ({
    name: snapshot.name,
    description: snapshot.description,
    snaptime: snapshot.snaptime,
    vmstate: 0,
    ...(snapshot.parent === undefined ? {} : { parent: snapshot.parent }),
  }));
  const current = {
    name: 'current',
    description: 'You are here!',
    digest: digestOf(vm),
    running: isRunning(vm) ? 1 : 0,
    ...(vm.currentParent === undefined ? {} : { parent: vm.currentParent }),
  };
  return reply([...taken, current]);
};

const cloudInitKey =
  /^(?:ciuser|cipassword|citype|ciupgrade|cicustom|nameserver|searchdomain|sshkeys|ipconfig\d+)$/;

export const getCloudInit: Handler = (ctx) => {
  const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  const keys = Object.keys(vm.config).filter((key) => cloudInitKey.test(key));
  return reply(
    keys.map((key) => ({
      key,
      value: key === 'cipassword' ? '**********' : typed(key, vm.config[key] ?? ''),
    })),
  );
};

export const dumpCloudInit: Handler = (ctx) => {
  const { config } = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  switch (param(ctx, 'type')) {
    case 'user':
      return reply(userData(config));
    case 'network':
      return reply(networkData(config));
    default:
      return reply(`instance-id: ${instanceId(config)}\n`);
  }
};

function userData(config: Readonly<Record<string, string>>): string {
  const name = config.name ?? 'localhost';
  const lines = ['#cloud-config', `hostname: ${name}`, 'manage_etc_hosts: true'];
  if (config.searchdomain !== undefined) lines.push(`fqdn: ${name}.${config.searchdomain}`);
  if (config.ciuser !== undefined) lines.push(`user: ${config.ciuser}`);
  if (config.sshkeys !== undefined) {
    const keys = decodeURIComponent(config.sshkeys)
      .split('\n')
      .filter((key) => key !== '');
    lines.push('ssh_authorized_keys:', ...keys.map((key) => `  - ${key}`));
  }
  lines.push('chpasswd:', '  expire: False', 'users:', '  - default');
  if (config.ciupgrade !== '0') lines.push('package_upgrade: true');
  return `${lines.join('\n')}\n`;
}

function networkData(config: Readonly<Record<string, string>>): string {
  const lines = ['version: 1', 'config:'];
  for (const key of Object.keys(config)
    .filter((name) => netKey.test(name))
    .sort()) {
    const index = key.slice(3);
    const ip = config[`ipconfig${index}`] ?? '';
    const mac = parseNic(config[key] ?? '').mac ?? '';
    lines.push('    - type: physical', `      name: eth${index}`);
    lines.push(`      mac_address: '${mac.toLowerCase()}'`, '      subnets:');
    const address = /ip=([^,]+)/.exec(ip)?.[1];
    if (address === 'dhcp') lines.push('      - type: dhcp4');
    else if (address !== undefined)
      lines.push('      - type: static', `        address: '${address}'`);
  }
  return `${lines.join('\n')}\n`;
}

export const getFeature: Handler = (ctx) => {
  const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  const raw = Object.values(vm.config).some((value) => /^local:\d+\/.*\.raw/.test(value));
  const has = param(ctx, 'feature') === 'snapshot' ? !raw && vm.config.template !== '1' : true;
  return reply({ hasFeature: has ? 1 : 0, nodes: nodesFor(ctx, vm) });
};

function nodesFor(ctx: Ctx, vm: Vm): string[] {
  const local = Object.values(ctx.world.volumes).some(
    (volume) => volume.vmid === vm.vmid && volume.node !== null,
  );
  return local ? [vm.node] : Object.keys(ctx.world.nodes);
}
