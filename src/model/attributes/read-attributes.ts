import type { VmConfig } from '../inventory.ts';
import { byCodeUnit } from '../json.ts';
import type { Attributes, WorkerSpec } from '../worker.ts';
import type { Entry, Identity, VmView } from './attribute.ts';
import { ATTRIBUTES } from './rows.ts';

/**
 * A declaration as canonical attributes: what is declared or has a default, and the fixed profile. With an
 * identity the description is the whole card, and the marks are there too.
 */
export function attributesOf(spec: WorkerSpec, name: string, identity?: Identity): Attributes {
  const subject = { spec, name, ...(identity === undefined ? {} : { identity }) };
  return sorted(ATTRIBUTES.flatMap((row) => row.declare(subject)));
}

/**
 * What a VM shows at every path that can be read, canonical; unset ones are absent, or stand with PVE's own
 * default where it has one. Computed values (a MAC that PVE drew) are among them.
 */
export function readAttributes(
  config: VmConfig,
  facts: { readonly node: string; readonly vmid: number; readonly pool?: string },
): Attributes {
  const vm: VmView = { config, ...facts };
  return sorted(ATTRIBUTES.flatMap((row) => row.read?.(vm) ?? []));
}

function sorted(entries: readonly Entry[]): Attributes {
  return Object.fromEntries([...entries].sort(([a], [b]) => byCodeUnit(a, b)));
}
