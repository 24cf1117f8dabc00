import { configWrite } from '../../../src/model/attributes/config-write.ts';
import { firstChanges } from '../../../src/model/attributes/diff-attributes.ts';
import { attributesOf, readAttributes } from '../../../src/model/attributes/read-attributes.ts';
import type { Declaration } from '../../../src/model/declaration.ts';
import { imageRecordOf } from '../../../src/model/image-record.ts';
import type { Inventory, NodeFacts, VmConfig, VmFacts } from '../../../src/model/inventory.ts';
import { DEFAULT_PLAN_OPTIONS, type Plan, type PlanOptions } from '../../../src/model/plan.ts';
import { GiB } from '../../../src/model/quantity.ts';
import {
  emptyState,
  type RunRecord,
  type State,
  type WorkerRecord,
} from '../../../src/model/state.ts';
import type { DesiredWorker, WorkerFields } from '../../../src/model/worker.ts';
import { buildPlan } from '../../../src/plan/build-plan.ts';
import { expand } from '../../../src/plan/expand.ts';
import { expandFactsOf } from '../../../src/plan/expand-facts.ts';

export const LINEAGE = '5d0c77e1-0000-4000-8000-000000000000';
export const NOW = Date.UTC(2026, 10, 22, 2, 14);

/** Two nodes; a declaration that needs nothing else. */
export function declarationOf(change: Partial<Declaration> = {}): Declaration {
  return {
    project: 'backup',
    environment: 'production',
    cluster: {
      name: 'north',
      endpoints: ['https://pve1.example.net:8006'],
      tls: { fingerprints: [] },
      vmids: { from: 9100, to: 9109 },
      limits: { parallelism: 8, perNode: 2, perStorage: 2 },
    },
    state: { backend: 'local', path: 'muster.state.json' },
    images: {
      debian: { kind: 'template', template: { by: 'vmid', vmid: 9000 }, clone: 'full' },
    },
    repositories: {},
    defaults: { image: 'debian', storage: 'local-lvm' },
    workers: {},
    workerSets: {},
    renamed: {},
    removed: [],
    sessions: {},
    guards: { forbid: [] },
    contents: {},
    locate: (path) => ({ file: 'muster.yaml', line: path.length, column: 1 }),
    ...change,
  };
}

/** A declaration with these explicit workers. */
export function withWorkers(
  workers: Readonly<Record<string, WorkerFields>>,
  change: Partial<Declaration> = {},
): Declaration {
  return declarationOf({ workers, ...change });
}

export function node(change: Partial<NodeFacts> = {}): NodeFacts {
  return { online: true, cpus: 16, memory: 64 * GiB, memoryUsed: 8 * GiB, ...change };
}

export function vm(vmid: number, change: Partial<VmFacts> = {}): VmFacts {
  return {
    vmid,
    node: 'pve1',
    kind: 'qemu',
    status: 'stopped',
    template: false,
    tags: [],
    ...change,
  };
}

export const TEMPLATE: VmConfig = {
  values: {
    boot: 'order=scsi0',
    cores: '2',
    cpu: 'max',
    ostype: 'l26',
    smbios1: 'uuid=3cbeced6-cd59-41d3-9956-8966812c39e5',
    meta: 'creation-qemu=10.0.13,ctime=1795337979',
    vga: 'serial0',
    scsi0: 'local-lvm:base-9000-disk-0,discard=on,iothread=1,size=3G',
    template: '1',
    ipconfig0: 'ip=dhcp',
    memory: '1024',
    scsihw: 'virtio-scsi-single',
    net0: 'virtio=BC:24:11:C4:8A:62,bridge=vmbr0',
    serial0: 'socket',
    agent: 'enabled=1',
    ide2: 'local-lvm:vm-9000-cloudinit,media=cdrom',
    name: 'debian-13',
  },
  digest: '99e658023737144eb977d8705f43422646386f00',
};

export function inventoryOf(change: Partial<Inventory> = {}): Inventory {
  return {
    cluster: {
      name: 'north',
      version: '9.2.11',
      endpoint: 'https://pve1.example.net:8006',
      token: 'muster@pve!ci',
      quorate: true,
      time: NOW,
    },
    nodes: { pve1: node(), pve2: node() },
    configs: {},
    absent: {},
    storages: {},
    bridges: {},
    volumes: {},
    haManaged: [],
    ...change,
    vms: { 9000: vm(9000, { template: true, name: 'debian-13' }), ...change.vms },
  };
}

export function optionsOf(change: Partial<PlanOptions> = {}): PlanOptions {
  return { ...DEFAULT_PLAN_OPTIONS, ...change };
}

export function stateOf(workers: State['workers'] = {}, change: Partial<State> = {}): State {
  return {
    ...emptyState(LINEAGE, 'backup', 'production'),
    serial: 41,
    nodes: { pve1: { cpus: 16, memory: 64 * GiB }, pve2: { cpus: 16, memory: 64 * GiB } },
    ...change,
    workers,
  };
}

export function runOf(id: string, change: Partial<RunRecord> = {}): RunRecord {
  return {
    id,
    kind: 'apply',
    who: 'ci@runner-3',
    host: 'runner-3',
    pid: 812,
    beat: NOW - 10_000,
    startedAt: NOW - 60_000,
    ...change,
  };
}

/** The entries that a declaration expands to, for an inventory. */
export function desiredOf(declaration: Declaration, inventory = inventoryOf(), state = stateOf()) {
  const { desired, diagnostics } = expand(declaration, expandFactsOf(inventory, state));
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '));
  return desired;
}

export function workerIn(declaration: Declaration, name: string): DesiredWorker {
  const found = desiredOf(declaration).workers.find((worker) => worker.name === name);
  if (found === undefined) throw new Error(`${name} is not declared`);
  return found;
}

export interface Made {
  readonly record: WorkerRecord;
  readonly vm: VmFacts;
  readonly config: VmConfig;
}

export function uuidOf(vmid: number): string {
  return `00000000-0000-4000-8000-${String(vmid).padStart(12, '0')}`;
}

/** A worker as a whole deploy of that entry leaves it: record and VM, made by our own first write. */
export function made(worker: DesiredWorker, vmid: number, change: Partial<VmFacts> = {}): Made {
  const uuid = uuidOf(vmid);
  const identity = {
    owner: {
      lineage: LINEAGE,
      project: 'backup',
      environment: 'production',
      worker: worker.name,
      uuid,
    },
    declaredIn: worker.declaredAt.file,
  };
  const desired = attributesOf(worker.spec, worker.name, identity);
  const { template: _, ...clone } = TEMPLATE.values;
  const before = config({
    ...clone,
    scsi0: `local-lvm:vm-${vmid}-disk-0,discard=on,iothread=1,size=3G`,
  });
  const facts = vm(vmid, {
    node: worker.spec.node,
    tags: ['muster'],
    name: worker.name,
    ...change,
  });
  const place = {
    node: facts.node,
    vmid,
    ...(facts.pool === undefined ? {} : { pool: facts.pool }),
  };
  const after = written(
    before,
    configWrite(before, firstChanges(desired, readAttributes(before, place))),
  );
  const image = imageRecordOf(worker.spec);
  const record: WorkerRecord = {
    vm: { vmid, node: facts.node, uuid, ctime: 1795337979 },
    declared: worker.spec,
    declaredIn: `${worker.declaredAt.file}:${worker.declaredAt.line}`,
    observed: readAttributes(after, place),
    ...(image === undefined ? {} : { image }),
    protect: worker.spec.protect,
    last: {},
  };
  return { record, vm: facts, config: after };
}

/** What PVE makes of a write: removals first, tags and NICs normalised, the disk grown. */
export function written(before: VmConfig, write: ReturnType<typeof configWrite>): VmConfig {
  const values = new Map(Object.entries(before.values));
  for (const key of write.remove) values.delete(key);
  for (const [key, value] of Object.entries(write.set))
    values.set(key, normalised(key, String(value)));
  const { resize, moveDisk } = write;
  if (moveDisk !== undefined) {
    const disk = values.get(moveDisk.disk) ?? '';
    values.set(moveDisk.disk, disk.replace(/^[^:]+:/, `${moveDisk.storage}:`));
  }
  if (resize !== undefined) {
    const disk = values.get(resize.disk) ?? '';
    values.set(resize.disk, disk.replace(/size=[^,]+/, `size=${resize.bytes / GiB}G`));
  }
  return config(Object.fromEntries(values));
}

function normalised(key: string, value: string): string {
  if (/^net\d+$/.test(key))
    return value.replace(/^([a-z0-9-]+)(?=,|$)/, `$1=BC:24:11:AA:BB:0${key.slice(3)}`);
  if (key === 'tags') return [...new Set(value.toLowerCase().split(';'))].sort().join(';');
  if (key === 'description') return value.trimEnd();
  return value;
}

export function config(values: Readonly<Record<string, string>>): VmConfig {
  return { values, digest: 'd'.repeat(40) };
}

/** A config with some values changed; null removes. */
export function edited(
  before: VmConfig,
  change: Readonly<Record<string, string | null>>,
): VmConfig {
  const merged = Object.entries({ ...before.values, ...change });
  return config(Object.fromEntries(merged.flatMap(([k, v]) => (v === null ? [] : [[k, v]]))));
}

export interface Scene {
  readonly declaration: Declaration;
  readonly state?: State;
  readonly inventory?: Inventory;
  readonly options?: Partial<PlanOptions>;
  readonly preflight?: boolean;
}

export function planOf({
  declaration,
  state = stateOf(),
  inventory = inventoryOf(),
  options,
  preflight,
}: Scene): Plan {
  const expanded = expand(declaration, expandFactsOf(inventory, state));
  return buildPlan({
    declaration,
    desired: expanded.desired,
    state,
    inventory,
    options: optionsOf(options),
    warnings: expanded.diagnostics,
    ...(preflight === undefined ? {} : { preflight }),
  });
}

/** State and inventory in which these workers are deployed and at rest. */
export function deployed(
  workers: Readonly<Record<string, Made>>,
  change: Partial<Inventory> = {},
): { readonly state: State; readonly inventory: Inventory } {
  const all = Object.values(workers);
  return {
    state: stateOf(
      Object.fromEntries(Object.entries(workers).map(([name, { record }]) => [name, record])),
    ),
    inventory: inventoryOf({
      ...change,
      vms: { ...Object.fromEntries(all.map((each) => [each.vm.vmid, each.vm])), ...change.vms },
      configs: {
        ...Object.fromEntries(all.map((each) => [each.vm.vmid, each.config])),
        ...change.configs,
      },
    }),
  };
}
