import type { VmConfig } from '../inventory.ts';
import type { Json } from '../json.ts';
import type { Owner } from '../marks.ts';
import type { Cost } from '../plan.ts';
import type { WorkerSpec } from '../worker.ts';
import type { Draft } from './draft.ts';

/** What is declared for one worker; `identity` is known as soon as it has a VM (or is about to get one). */
export interface Subject {
  readonly name: string;
  readonly spec: WorkerSpec;
  readonly identity?: Identity;
}

/** Whose a VM is, and the file that declares it: what its marks and its card are made of. */
export interface Identity {
  readonly owner: Owner;
  /** Relative file name, without a line: it must not change when the file is edited elsewhere. */
  readonly declaredIn: string;
}

/** A VM as attributes are read from it. */
export interface VmView {
  readonly config: VmConfig;
  readonly node: string;
  readonly vmid: number;
  readonly pool?: string;
}

export type Entry = readonly [path: string, value: Json];

/**
 * One worker field: where it stands in PVE, how it is read and written, and what a change of it costs.
 * Whatever knows fields iterates over these rows, so a new field is one row.
 */
export interface Attribute {
  /** `memory`, `networks[].vlan` (one entry per NIC), `options.*` (one per key). */
  readonly path: string;
  /** PVE config keys; `net[]` stands for net0, net1 …, `DISK` for the boot disk's key. Empty: not in the config. */
  readonly keys: readonly string[];
  /** Member of the property string under that key. */
  readonly sub?: string;
  readonly cost: Cost | ((before: Json, after: Json) => Cost);
  /** What a write needs on /vms/ID or its pool (seen one at a time on PVE 9.2). */
  readonly privileges: readonly string[];
  /** Compared always, declared or not. */
  readonly profile?: true;
  /** What an unset value reads as; also what a path that left the declaration goes back to. */
  readonly fallback?: Json;
  /** Canonical entries of what is declared; none when it is not. */
  readonly declare: (subject: Subject) => readonly Entry[];
  /** Canonical entries of what the VM shows. Absent: the field has no side on PVE. */
  readonly read?: (vm: VmView) => readonly Entry[];
  /** Edits the draft so that reading it back gives `value`; null is unset. */
  readonly write?: (draft: Draft, value: Json, path: string) => void;
  /** True when `found` satisfies `desired`; equality unless given. */
  readonly same?: (desired: Json, found: Json) => boolean;
  /** Why this VM can't have that value, if it can't. */
  readonly check?: (value: Json, vm: VmView) => string | undefined;
}

/** No entry for undefined. */
export function entry(path: string, value: Json | undefined): readonly Entry[] {
  return value === undefined ? [] : [[path, value]];
}
