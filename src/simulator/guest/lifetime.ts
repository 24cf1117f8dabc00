import { nextNumber } from '../sequence.ts';
import type { Vm, World } from '../world.ts';
import { bootGuest, keepDisk } from './boot.ts';
import type { Guest, GuestEffect, GuestProcess } from './program.ts';

/** How long an agent needs to come back after its restart. */
const AGENT_RESTART_MS = 2000;

/** When something in this guest is due; undefined: nothing. */
export function nextInGuest(guest: Guest): number | undefined {
  let next: number | undefined;
  for (const process of guest.processes) {
    if (process.endedMs !== undefined) continue;
    const due = process.timeline[0]?.atMs;
    for (const at of [due, process.endsMs ?? undefined]) {
      if (at !== undefined && (next === undefined || at < next)) next = at;
    }
  }
  return next;
}

/** Lets the earliest thing that is due by then happen in this guest. */
export function stepGuest(world: World, vm: Vm, nowMs: number): void {
  const guest = vm.power.guest;
  if (guest === undefined) return;
  for (const process of guest.processes) {
    if (process.endedMs !== undefined) continue;
    const entry = process.timeline[0];
    if (entry !== undefined && entry.atMs <= nowMs) {
      process.timeline.shift();
      applyEffect(world, vm, entry.effect, nowMs);
      return;
    }
    if (process.endsMs !== null && process.endsMs <= nowMs) {
      endProcess(world, vm, process, nowMs);
      return;
    }
  }
}

function endProcess(world: World, vm: Vm, process: GuestProcess, nowMs: number): void {
  const guest = vm.power.guest;
  process.endedMs = process.endsMs ?? nowMs;
  if (guest !== undefined && process.byAgent !== true) {
    guest.processes = guest.processes.filter((entry) => entry !== process);
  }
  for (const effect of process.onEnd) applyEffect(world, vm, effect, nowMs);
}

export function applyEffect(world: World, vm: Vm, effect: GuestEffect, nowMs: number): void {
  const guest = vm.power.guest;
  if (guest === undefined) return;
  switch (effect.kind) {
    case 'poweroff':
      world.events.push({ kind: 'power-off', ...soon(world, vm, guest, nowMs, 800) });
      return;
    case 'reboot':
      world.events.push({ kind: 'reboot', ...soon(world, vm, guest, nowMs, 2000) });
      return;
    case 'restart-agent':
      restartAgent(guest, nowMs);
      return;
    case 'installed':
      install(guest, effect.packages);
      return;
    case 'reboot-required':
      guest.rebootRequired = effect.required;
      return;
    case 'unlock-packages':
      guest.packages.lockedUntilMs = 0;
      return;
    case 'write-file':
      guest.files[effect.path] = {
        content: effect.content,
        mode: effect.mode ?? 0o644,
        mtimeMs: nowMs,
      };
      return;
    case 'append-file': {
      const old = guest.files[effect.path];
      guest.files[effect.path] = {
        content: (old?.content ?? '') + effect.content,
        mode: old?.mode ?? 0o644,
        mtimeMs: nowMs,
      };
      return;
    }
    case 'remove-file':
      delete guest.files[effect.path];
  }
}

function soon(world: World, vm: Vm, guest: Guest, nowMs: number, inMs: number) {
  return {
    atMs: nowMs + inMs,
    seq: nextNumber(world),
    vmid: vm.vmid,
    bootId: guest.bootId,
  };
}

function install(guest: Guest, names: readonly string[]): void {
  for (const name of names) {
    const entry = guest.packages.upgradable.find((candidate) => candidate.name === name);
    if (entry === undefined) continue;
    guest.packages.installed[name] = entry.to;
    if (entry.needsReboot) guest.rebootRequired = true;
  }
  guest.packages.upgradable = guest.packages.upgradable.filter(
    (entry) => !names.includes(entry.name),
  );
}

/** The service manager ends everything that the agent started. */
export function restartAgent(guest: Guest, nowMs: number): void {
  guest.processes = guest.processes.filter((process) => !process.inAgentCgroup);
  if (guest.agentReadyMs !== null) guest.agentReadyMs = nowMs + AGENT_RESTART_MS;
}

/** Ends the QEMU process: what was pending becomes the config, as nothing runs any more. */
export function powerOff(world: World, vm: Vm): void {
  keepDisk(world, vm);
  delete vm.power.guest;
  delete vm.running;
  Object.assign(vm.power, {
    status: 'stopped',
    qmpstatus: 'stopped',
    startedMs: 0,
    pid: 0,
    hung: false,
    bootDoneMs: 0,
  });
}

export function powerOn(world: World, vm: Vm, nowMs: number): void {
  applyPending(vm);
  vm.power.status = 'running';
  vm.power.qmpstatus = 'running';
  vm.power.startedMs = nowMs;
  vm.power.pid = 1000 + (nextNumber(world) % 30_000);
  vm.running = {
    config: { ...vm.config },
    cpus: Number(vm.config.cores ?? '1') * Number(vm.config.sockets ?? '1'),
    memoryMiB: Number(/\d+/.exec(vm.config.memory ?? '512')?.[0] ?? '512'),
  };
  bootGuest(world, vm, nowMs);
}

/** A reboot from inside keeps the QEMU process, so pending changes stay pending. */
export function rebootInside(world: World, vm: Vm, nowMs: number): void {
  keepDisk(world, vm);
  delete vm.power.guest;
  bootGuest(world, vm, nowMs);
}

/** On a stopped VM nothing stays pending: detached disks become unused ones. */
function applyPending(vm: Vm): void {
  for (const key of vm.pendingDelete) detach(vm, key);
  Object.assign(vm.config, vm.pending);
  vm.pending = {};
  vm.pendingDelete = [];
}

/** Takes an option out; a disk's volume is kept as unused. */
export function detach(vm: Vm, key: string): void {
  const value = vm.config[key];
  delete vm.config[key];
  if (value === undefined || !/^(?:scsi|virtio|sata|ide)\d+$/.test(key)) return;
  const volume = value.split(',')[0] ?? '';
  if (!volume.includes(':') || value.includes('media=cdrom')) return;
  for (let index = 0; ; index += 1) {
    if (vm.config[`unused${index}`] === undefined) {
      vm.config[`unused${index}`] = volume;
      return;
    }
  }
}
