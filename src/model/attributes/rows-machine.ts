import { canonicalText, descriptionOf } from '../card.ts';
import { byCodeUnit } from '../json.ts';
import { MARK_TAG, readMarks, serialOf, smbiosOf } from '../marks.ts';
import { isTrue, parsePropertyString } from '../property-string.ts';
import { MiB } from '../quantity.ts';
import { type Attribute, entry, type VmView } from './attribute.ts';
import { editProperty, setValue } from './draft.ts';

const OPTIONS = ['VM.Config.Options'];
const CPU = ['VM.Config.CPU'];

/** Name, marks and what people read in the portal. */
export const IDENTITY_ROWS: readonly Attribute[] = [
  {
    path: 'name',
    keys: ['name'],
    // The guest's host name comes from it, so cloud-init takes a renamed VM for a new instance (fact 50).
    cost: 'cloud-init-rerun',
    privileges: OPTIONS,
    profile: true,
    declare: ({ name }) => [['name', name]],
    read: (vm) => entry('name', vm.config.values.name),
    write: (draft, value) => setValue(draft, 'name', text(value)),
  },
  {
    path: 'marks',
    keys: ['smbios1'],
    cost: 'in-place',
    privileges: ['VM.Config.HWType'],
    profile: true,
    declare: ({ identity }) =>
      identity === undefined
        ? []
        : [['marks', marksText(identity.owner.uuid, identity.owner.lineage)]],
    read: (vm) => {
      const { uuid, serialLineage } = readMarks(vm.config.values);
      return serialLineage === undefined ? [] : [['marks', marksText(uuid ?? '', serialLineage)]];
    },
    write: (draft, value) => {
      const [uuid, lineage] = (text(value) ?? '').split(' muster:');
      if (uuid === undefined || lineage === undefined) return;
      for (const [key, member] of parsePropertyString(smbiosOf(uuid, lineage)))
        editProperty(draft, 'smbios1', key, member);
    },
  },
  {
    path: 'description',
    keys: ['description'],
    cost: 'in-place',
    privileges: OPTIONS,
    profile: true,
    declare: ({ spec, identity }) =>
      identity === undefined
        ? entry('description', spec.description && canonicalText(spec.description))
        : [['description', descriptionOf(identity.owner, spec.description, identity.declaredIn)]],
    read: (vm) => {
      const found = canonicalText(vm.config.values.description ?? '');
      return found === '' ? [] : [['description', found]];
    },
    write: (draft, value) => setValue(draft, 'description', text(value)),
  },
  {
    path: 'tags',
    keys: ['tags'],
    cost: 'in-place',
    privileges: OPTIONS,
    profile: true,
    declare: ({ spec }) => [['tags', canonicalTags([...spec.tags, MARK_TAG])]],
    read: (vm) => [['tags', canonicalTags((vm.config.values.tags ?? '').split(/[;,\s]+/))]],
    write: (draft, value) =>
      setValue(draft, 'tags', Array.isArray(value) && value.length > 0 ? value.join(';') : null),
  },
];

/** CPU and memory. */
export const SIZE_ROWS: readonly Attribute[] = [
  {
    path: 'cpu.cores',
    keys: ['cores', 'sockets'],
    cost: 'in-place',
    privileges: CPU,
    fallback: 1,
    declare: ({ spec }) => [['cpu.cores', spec.cpu.cores]],
    // All vCPUs: a template with two sockets must not double what is declared.
    read: (vm) => [['cpu.cores', numberOf(vm, 'cores', 1) * numberOf(vm, 'sockets', 1)]],
    write: (draft, value) => {
      setValue(draft, 'cores', text(value));
      draft.values.delete('sockets');
      draft.values.delete('vcpus');
    },
  },
  {
    path: 'cpu.type',
    keys: ['cpu'],
    sub: 'cputype',
    cost: 'in-place',
    privileges: CPU,
    declare: ({ spec }) => entry('cpu.type', spec.cpu.type),
    read: (vm) => {
      const cpu = parsePropertyString(vm.config.values.cpu);
      return entry('cpu.type', cpu.get('') ?? cpu.get('cputype'));
    },
    write: (draft, value) => {
      const cpu = new Map(parsePropertyString(draft.values.get('cpu')));
      cpu.delete('');
      cpu.delete('cputype');
      const rest = [...cpu].map(([key, member]) => `${key}=${member}`);
      // PVE wants the type first; flags without a type mean nothing.
      setValue(draft, 'cpu', value === null ? null : [text(value), ...rest].join(','));
    },
  },
  {
    path: 'memory',
    keys: ['memory', 'balloon'],
    cost: 'in-place',
    privileges: ['VM.Config.Memory'],
    fallback: 512 * MiB,
    declare: ({ spec }) => [['memory', Math.ceil(spec.memory / MiB) * MiB]],
    read: (vm) => [['memory', memoryOf(vm) * MiB]],
    write: (draft, value) => {
      const mib = typeof value === 'number' ? value / MiB : 512;
      setValue(draft, 'memory', String(mib));
      // PVE refuses a balloon target above the memory.
      if (Number(draft.values.get('balloon') ?? 0) > mib) draft.values.delete('balloon');
    },
  },
];

/** Compared on every worker, whatever is declared. */
export const PROFILE_ROWS: readonly Attribute[] = [
  flagRow('onboot', 'onboot', false, () => false, OPTIONS),
  flagRow('protect', 'protection', false, ({ spec }) => spec.protect, OPTIONS),
  flagRow('ciupgrade', 'ciupgrade', true, () => false, ['VM.Config.Cloudinit']),
  {
    path: 'agent',
    keys: ['agent'],
    sub: 'enabled',
    cost: 'in-place',
    privileges: OPTIONS,
    profile: true,
    fallback: false,
    declare: () => [['agent', true]],
    read: (vm) => {
      const agent = parsePropertyString(vm.config.values.agent);
      return [['agent', isTrue(agent.get('') ?? agent.get('enabled'))]];
    },
    write: (draft, value) => {
      const agent = new Map(parsePropertyString(draft.values.get('agent')));
      agent.delete('');
      agent.delete('enabled');
      const rest = [...agent].map(([key, member]) => `,${key}=${member}`);
      setValue(draft, 'agent', `enabled=${value === true ? 1 : 0}${rest.join('')}`);
    },
  },
  {
    path: 'template',
    keys: ['template'],
    // Its disk is a read-only base volume by now; nothing turns it back.
    cost: 'rebuild',
    privileges: [],
    profile: true,
    fallback: false,
    declare: () => [['template', false]],
    read: (vm) => [['template', isTrue(vm.config.values.template)]],
  },
];

/** Where the VM is. These are not config keys. */
export const PLACE_ROWS: readonly Attribute[] = [
  {
    path: 'vmid',
    keys: [],
    cost: 'rebuild',
    privileges: [],
    declare: ({ spec }) => entry('vmid', spec.vmid),
    read: (vm) => [['vmid', vm.vmid]],
    // An id that is no longer declared stays: any id will do.
    same: (desired, found) => desired === null || desired === found,
  },
  {
    path: 'node',
    keys: [],
    cost: 'migrate',
    privileges: ['VM.Migrate'],
    profile: true,
    declare: ({ spec }) => [['node', spec.node]],
    read: (vm) => [['node', vm.node]],
    write: (draft, value) => {
      draft.migrateTo = text(value) ?? undefined;
    },
  },
  {
    path: 'pool',
    keys: [],
    cost: 'in-place',
    privileges: ['VM.Allocate'],
    declare: ({ spec }) => entry('pool', spec.pool),
    read: (vm) => entry('pool', vm.pool),
    write: (draft, value) => {
      draft.pool = text(value);
    },
  },
];

/** Lower-cased, without duplicates, sorted: as PVE keeps them (fact 22). */
function canonicalTags(tags: readonly string[]): readonly string[] {
  const canonical = tags.map((tag) => tag.trim().toLowerCase()).filter((tag) => tag !== '');
  return [...new Set(canonical)].sort(byCodeUnit);
}

function flagRow(
  path: string,
  key: string,
  fallback: boolean,
  declared: (subject: Parameters<Attribute['declare']>[0]) => boolean,
  privileges: readonly string[],
): Attribute {
  return {
    path,
    keys: [key],
    cost: 'in-place',
    privileges,
    profile: true,
    fallback,
    declare: (subject) => [[path, declared(subject)]],
    read: (vm) => {
      const value = vm.config.values[key];
      return [[path, value === undefined ? fallback : isTrue(value)]];
    },
    write: (draft, value) => setValue(draft, key, value === true ? '1' : '0'),
  };
}

function marksText(uuid: string, lineage: string): string {
  return `${uuid} ${serialOf(lineage)}`;
}

function memoryOf(vm: VmView): number {
  const memory = parsePropertyString(vm.config.values.memory);
  return Number(memory.get('') ?? memory.get('current') ?? 512);
}

function numberOf(vm: VmView, key: string, fallback: number): number {
  const value = Number(vm.config.values[key] ?? fallback);
  return Number.isFinite(value) ? value : fallback;
}

/** Values come from our own canonical forms, so a scalar's text is what PVE wants. */
function text(value: unknown): string | null {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : null;
}
