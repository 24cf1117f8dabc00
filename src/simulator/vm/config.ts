import { ApiError } from '../api-error.ts';
import { endpoints, rules } from '../schema/parameters.ts';
import type { ParameterRule } from '../schema/types.ts';
import { sha1 } from '../sequence.ts';
import type { Vm, World } from '../world.ts';

const declared = endpoints['PUT /nodes/{node}/qemu/{vmid}/config']?.parameters ?? {};

/** Not options of a VM but of the call. */
const ofTheCall = new Set(['node', 'vmid', 'delete', 'revert', 'digest', 'force', 'skiplock']);

export function optionRule(name: string): ParameterRule | undefined {
  if (ofTheCall.has(name)) return undefined;
  const index = declared[name] ?? declared[name.replace(/\d+$/, '[n]')];
  return index === undefined ? undefined : rules[index];
}

/** As the API gives it out: numbers where the schema has them, the rest text. */
export function typed(name: string, value: string): string | number {
  const type = name === 'template' ? 'boolean' : optionRule(name)?.type;
  return type === 'integer' || type === 'boolean' || type === 'number' ? Number(value) : value;
}

/** Changes with everything that the VM's file holds. */
export function digestOf(vm: Vm): string {
  const lines = (config: Readonly<Record<string, string>>) =>
    Object.keys(config)
      .sort()
      .map((key) => `${key}: ${config[key]}`);
  const snapshots = Object.keys(vm.snapshots).sort();
  return sha1(
    [
      ...lines(vm.config),
      '[PENDING]',
      ...lines(vm.pending),
      ...vm.pendingDelete,
      ...snapshots.flatMap((name) => [`[${name}]`, ...lines(vm.snapshots[name]?.config ?? {})]),
    ].join('\n'),
  );
}

/** With what is pending, or (`current`) without. */
export function shownConfig(vm: Vm, current: boolean): Record<string, string | number> {
  const merged: Record<string, string> = current
    ? { ...vm.config }
    : { ...vm.config, ...vm.pending };
  if (!current) for (const key of vm.pendingDelete) delete merged[key];
  const shown: Record<string, string | number> = {};
  for (const [key, value] of Object.entries(merged)) {
    shown[key] = key === 'cipassword' ? '**********' : typed(key, value);
  }
  shown.digest = digestOf(vm);
  return shown;
}

export function vmOn(world: World, node: string, vmid: string | number): Vm | undefined {
  const vm = world.vms[String(vmid)];
  return vm !== undefined && vm.node === node ? vm : undefined;
}

export function missingText(node: string, vmid: string | number): string {
  return `Configuration file 'nodes/${node}/qemu-server/${vmid}.conf' does not exist`;
}

export function needVm(world: World, node: string, vmid: string | number): Vm {
  const vm = vmOn(world, node, vmid);
  if (vm === undefined) throw new ApiError(500, missingText(node, vmid));
  return vm;
}

export function isRunning(vm: Vm): boolean {
  return vm.power.status === 'running';
}

export function coresOf(config: Readonly<Record<string, string>>): number {
  return Number(config.cores ?? '1') * Number(config.sockets ?? '1');
}

/** In MiB. */
export function memoryOf(config: Readonly<Record<string, string>>): number {
  return Number(/(?:current=)?(\d+)/.exec(config.memory ?? '512')?.[1] ?? '512');
}
