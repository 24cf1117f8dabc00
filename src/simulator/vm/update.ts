import { type Caller, isRoot } from '../access.ts';
import { failed, invalid } from '../api-error.ts';
import { plugIn } from '../guest/interfaces.ts';
import { detach } from '../guest/lifetime.ts';
import { bridgeExists } from '../jobs/power.ts';
import { splitList } from '../schema/formats.ts';
import type { Vm, World } from '../world.ts';
import { digestOf, isRunning, optionRule } from './config.ts';
import { bootDisk, diskKey, netKey, parseNic, unusedKey } from './drives.ts';
import { checkDisk, makeDisk } from './new-disks.ts';
import { checkBootOrder, normalise } from './normalise.ts';
import { demandOptions } from './option-privileges.ts';
import { removeVolume } from './volumes.ts';

type Options = Readonly<Record<string, string>>;

/** In force at once even while the VM runs. */
const immediate =
  /^(?:lock|name|onboot|shares|startup|description|protection|vmstatestorage|hookscript|tags|balloon|ciuser|cipassword|citype|ciupgrade|cicustom|nameserver|searchdomain|sshkeys|ipconfig\d+|unused\d+)$/;

const ofTheCall = new Set([
  'node',
  'vmid',
  'digest',
  'delete',
  'revert',
  'skiplock',
  'force',
  'background_delay',
  'import-working-storage',
]);

export interface Update {
  readonly set: Options;
  readonly unset: readonly string[];
  readonly revert: readonly string[];
  readonly digest: string | undefined;
  readonly skipLock: boolean;
  readonly force: boolean;
}

export function readUpdate(params: Options): Update {
  const set = Object.fromEntries(Object.entries(params).filter(([name]) => !ofTheCall.has(name)));
  return {
    set,
    unset: splitList(params.delete ?? ''),
    revert: splitList(params.revert ?? ''),
    digest: params.digest,
    skipLock: params.skiplock === '1',
    force: params.force === '1',
  };
}

/** Everything that is refused before anything is written, in PVE's order. */
export function checkUpdate(world: World, caller: Caller, vm: Vm, update: Update): void {
  const { set, unset, revert } = update;
  if (update.skipLock && !isRoot(caller))
    throw invalid({ skiplock: 'Only root may use this option.' });
  for (const name of unset) {
    if (optionRule(name) === undefined) throw invalid({ delete: `unknown option '${name}'` });
    if (set[name] !== undefined) {
      throw invalid({ delete: `you can't use '-${name}' and -delete ${name}' at the same time` });
    }
  }
  if (set.hookscript !== undefined) {
    throw invalid({ hookscript: `script '${set.hookscript}' does not exist\n` });
  }
  if (Object.keys(set).length + unset.length + revert.length === 0)
    throw failed('no options specified');
  const touched = Object.fromEntries([...unset, ...revert].map((name) => [name, undefined]));
  demandOptions(world, caller, String(vm.vmid), { ...touched, ...set });
  for (const [name, value] of Object.entries(set)) {
    if (diskKey.test(name)) checkDisk(world, caller, vm.node, value);
  }
  if (update.digest !== undefined && update.digest !== digestOf(vm)) {
    throw failed('checksum mismatch (file change by other user?)');
  }
  if (vm.config.lock !== undefined && !update.skipLock) {
    throw failed(`VM is locked (${vm.config.lock})`);
  }
  checkProtection(vm, update);
}

function checkProtection(vm: Vm, update: Update): void {
  if (vm.config.protection !== '1') return;
  const drive = update.unset.find((name) => diskKey.test(name) || unusedKey.test(name));
  if (drive !== undefined) throw failed(`can't remove drive '${drive}' - protection mode enabled`);
}

/** Writes it. Throws where PVE fails half-way; what was written by then stays. */
export function applyUpdate(world: World, vm: Vm, update: Update, log: string[] = []): void {
  for (const name of update.revert) {
    delete vm.pending[name];
    vm.pendingDelete = vm.pendingDelete.filter((entry) => entry !== name);
  }
  const wanted: Record<string, string> = {};
  const gone = [...update.unset];
  const names = Object.keys(update.set).sort((a, b) => Number(a === 'boot') - Number(b === 'boot'));
  for (const name of names) {
    const value = update.set[name] ?? '';
    if (name === 'boot') checkBootOrder({ ...vm.config, ...vm.pending, ...wanted }, value);
    const kept = diskKey.test(name)
      ? makeDisk({ world, node: vm.node, vmid: vm.vmid, key: name, value, log, fail: failed })
      : normalise(world, name, value);
    if (kept === undefined) gone.push(name);
    else wanted[name] = kept;
  }
  if (isRunning(vm)) hotplug(world, vm, wanted, gone, update.force);
  else writeStopped(world, vm, wanted, gone, update.force);
}

function writeStopped(
  world: World,
  vm: Vm,
  wanted: Options,
  gone: readonly string[],
  force: boolean,
): void {
  for (const name of gone) takeOut(world, vm, name, force);
  for (const [name, value] of Object.entries(wanted)) putIn(vm, name, value);
}

/** Another volume in a disk's place makes the old one unused. */
function putIn(vm: Vm, name: string, value: string): void {
  const old = vm.config[name]?.split(',')[0];
  if (diskKey.test(name) && old !== undefined && old !== value.split(',')[0]) detach(vm, name);
  vm.config[name] = value;
  for (const key of Object.keys(vm.config)) {
    if (unusedKey.test(key) && vm.config[key] === value.split(',')[0]) delete vm.config[key];
  }
}

function takeOut(world: World, vm: Vm, name: string, force: boolean): void {
  const value = vm.config[name];
  if (value === undefined) return;
  const volume = value.split(',')[0] ?? '';
  if (unusedKey.test(name) || volume.includes('cloudinit') || (force && diskKey.test(name))) {
    removeVolume(world, volume, vm.node);
    delete vm.config[name];
  } else detach(vm, name);
  dropFromBoot(vm, name);
}

function dropFromBoot(vm: Vm, name: string): void {
  const order = /^order=(.*)$/.exec(vm.config.boot ?? '')?.[1]?.split(';');
  if (order?.includes(name) !== true) return;
  vm.config.boot = `order=${order.filter((device) => device !== name).join(';')}`;
}

function hotplug(
  world: World,
  vm: Vm,
  wanted: Options,
  gone: readonly string[],
  force: boolean,
): void {
  const features = hotplugFeatures(vm);
  const atOnce = (name: string) =>
    immediate.test(name) ||
    (netKey.test(name) && features.includes('network')) ||
    (diskKey.test(name) && features.includes('disk'));
  for (const name of gone) {
    delete vm.pending[name];
    if (vm.config[name] === undefined) continue;
    if (!atOnce(name) || (diskKey.test(name) && name === bootDisk(vm.config))) {
      if (!vm.pendingDelete.includes(name)) vm.pendingDelete.push(name);
    } else takeOut(world, vm, name, force);
  }
  for (const [name, value] of Object.entries(wanted)) {
    vm.pendingDelete = vm.pendingDelete.filter((entry) => entry !== name);
    if (vm.config[name] === value) delete vm.pending[name];
    else vm.pending[name] = value;
  }
  for (const name of Object.keys(wanted).filter((key) => atOnce(key))) plug(world, vm, name);
  const stuck = gone.find((name) => diskKey.test(name) && name === bootDisk(vm.config));
  if (stuck !== undefined) {
    throw invalid({ [stuck]: `hotplug problem - can't unplug bootdisk '${stuck}'\n` });
  }
  replugGuest(world, vm);
}

function hotplugFeatures(vm: Vm): readonly string[] {
  const value = vm.config.hotplug ?? '1';
  if (value === '0') return [];
  return value === '1' ? ['network', 'disk', 'usb'] : value.split(',');
}

function plug(world: World, vm: Vm, name: string): void {
  const value = vm.pending[name];
  if (value === undefined) return;
  const bridge = netKey.test(name) ? parseNic(value).options.bridge : undefined;
  if (bridge !== undefined && !bridgeExists(world, vm.node, bridge)) {
    throw invalid({
      [name]: `hotplug problem - VM ${vm.vmid} qmp command 'netdev_add' failed - network script /usr/libexec/qemu-server/pve-bridge-hotplug failed with status 512\n`,
    });
  }
  delete vm.pending[name];
  putIn(vm, name, value);
}

/** NICs that came or went are seen by the guest; addresses change only at its next boot. */
function replugGuest(world: World, vm: Vm): void {
  const { guest } = vm.power;
  if (guest === undefined || vm.running === undefined) return;
  const before = guest.interfaces.map((face) => face.mac);
  const now = plugIn(world, vm.node, vm.config);
  for (const key of Object.keys(vm.running.config))
    if (netKey.test(key)) delete vm.running.config[key];
  for (const [key, value] of Object.entries(vm.config)) {
    if (netKey.test(key)) vm.running.config[key] = value;
  }
  guest.interfaces = now.map((face) => {
    const old = guest.interfaces.find((entry) => entry.mac === face.mac);
    return before.includes(face.mac) && old !== undefined
      ? { ...old, ...(face.network === undefined ? {} : { network: face.network }) }
      : { ...face, addresses: [] };
  });
}
