import type { VmConfig } from '../inventory.ts';
import { byCodeUnit } from '../json.ts';
import {
  formatPropertyString,
  type PropertyString,
  parsePropertyString,
} from '../property-string.ts';

/** A VM's config while changes are written into it. Rows edit it; what differs in the end is sent to PVE. */
export interface Draft {
  readonly values: Map<string, string>;
  /** The boot disk's key, when there is one. */
  readonly diskKey: string | undefined;
  /** Where a cloud-init drive goes when it is missing. */
  readonly storage: string | undefined;
  /** Uuid and lineage for the SMBIOS marks come as values; these are the things outside of the config. */
  resize: number | undefined;
  moveTo: string | undefined;
  migrateTo: string | undefined;
  /** undefined: not touched; null: out of any pool. */
  pool: string | null | undefined;
}

export function openDraft(config: VmConfig, diskKey: string | undefined, storage?: string): Draft {
  const volume = diskKey === undefined ? undefined : config.values[diskKey];
  return {
    values: new Map(Object.entries(config.values)),
    diskKey,
    storage: storage ?? volume?.split(':')[0],
    resize: undefined,
    moveTo: undefined,
    migrateTo: undefined,
    pool: undefined,
  };
}

/** Sets one member of a property string; null or undefined removes it. An emptied string is unset. */
export function editProperty(
  draft: Draft,
  key: string,
  member: string,
  value: string | null | undefined,
): void {
  const properties = new Map(parsePropertyString(draft.values.get(key)));
  if (value === null || value === undefined) properties.delete(member);
  else properties.set(member, value);
  setProperties(draft, key, properties);
}

function setProperties(draft: Draft, key: string, properties: PropertyString): void {
  if (properties.size === 0) draft.values.delete(key);
  else draft.values.set(key, formatPropertyString(properties));
}

export function setValue(draft: Draft, key: string, value: string | null): void {
  if (value === null) draft.values.delete(key);
  else draft.values.set(key, value);
}

/** What has to be sent so that the config becomes the draft; keys sorted. */
export function draftDelta(
  config: VmConfig,
  draft: Draft,
): { readonly set: Readonly<Record<string, string>>; readonly remove: readonly string[] } {
  const set = [...draft.values]
    .filter(([key, value]) => config.values[key] !== value)
    .sort(([a], [b]) => byCodeUnit(a, b));
  const remove = Object.keys(config.values).filter((key) => !draft.values.has(key));
  return { set: Object.fromEntries(set), remove: remove.sort(byCodeUnit) };
}
