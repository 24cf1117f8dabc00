import type { VmConfig } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import type { VmStatus } from '../model/pve-port.ts';
import {
  asMembers,
  asMembersList,
  numberOf,
  optional,
  requiredText,
  textOf,
} from './answer-shape.ts';

/** `GET …/config`: numbers become text; the digest is what a guarded write sends back. */
export function readConfig(data: unknown): VmConfig {
  const { digest, ...values } = asMembers(data);
  const pairs = Object.entries(values)
    .filter(([, value]) => value !== null)
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([key, value]) => [key, configText(value)]);
  return { values: Object.fromEntries(pairs), digest: typeof digest === 'string' ? digest : '' };
}

function configText(value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0';
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** `GET …/pending`: the keys whose new value, or whose deletion, waits for a power cycle. */
export function readPending(data: unknown): readonly string[] {
  return asMembersList(data)
    .filter((entry) => entry.pending !== undefined || (numberOf(entry, 'delete') ?? 0) > 0)
    .map((entry) => requiredText(entry, 'key'))
    .sort(byCodeUnit);
}

/** `GET …/status/current` */
export function readStatus(data: unknown): VmStatus {
  const answer = asMembers(data);
  const status = requiredText(answer, 'status') === 'running' ? 'running' : 'stopped';
  return {
    status,
    qmpStatus: textOf(answer, 'qmpstatus') ?? status,
    uptime: (numberOf(answer, 'uptime') ?? 0) * 1000,
    ...optional('lock', textOf(answer, 'lock')),
  };
}

/** `GET …/snapshot`: without the entry that stands for the running VM. */
export function readSnapshots(data: unknown): readonly string[] {
  return asMembersList(data)
    .map((entry) => requiredText(entry, 'name'))
    .filter((name) => name !== 'current')
    .sort(byCodeUnit);
}
