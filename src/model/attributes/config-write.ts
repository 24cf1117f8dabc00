import type { VmConfig } from '../inventory.ts';
import type { Change } from '../plan.ts';
import type { PveParams } from '../pve-port.ts';
import { bootDiskKey } from './disk.ts';
import { type Draft, draftDelta, openDraft } from './draft.ts';
import { rankOf, rowOf } from './rows.ts';

export interface WriteContext {
  /** The boot disk's key; found in the config unless given. */
  readonly diskKey?: string;
  /** Storage for a cloud-init drive that is missing; the boot disk's unless given. */
  readonly storage?: string;
  /** The pool that the VM is in now. */
  readonly pool?: string;
}

/** What has to be done to a VM so that it shows some changes. Empty parts are left out. */
export interface ConfigWrite {
  /** For one PUT of the config, together with `remove`. */
  readonly set: PveParams;
  readonly remove: readonly string[];
  readonly resize?: { readonly disk: string; readonly bytes: number };
  readonly moveDisk?: { readonly disk: string; readonly storage: string };
  readonly migrate?: { readonly target: string };
  /** Into that pool, wherever it is now, or out of the one that it is in. */
  readonly pool?: { readonly pool: string; readonly join: boolean };
  readonly regenerateCloudInit: boolean;
}

/**
 * Turns changes into a write of this config. Property strings are merged: members that nobody declared
 * (`rate=`, `queues=`, `iothread=`), and a NIC's MAC, stay as they are. Writing a change that is already true
 * gives an empty write.
 */
export function configWrite(
  config: VmConfig,
  changes: readonly Pick<Change, 'path' | 'after' | 'cost'>[],
  context: WriteContext = {},
): ConfigWrite {
  const diskKey = context.diskKey ?? bootDiskKey(config);
  const draft = openDraft(config, diskKey, context.storage);
  // In the order of the rows: a NIC is made by its bridge before its other members are set.
  const ordered = [...changes].sort((a, b) => rankOf(a.path) - rankOf(b.path));
  for (const { path, after } of ordered) rowOf(path)?.write?.(draft, after, path);
  return {
    ...draftDelta(config, draft),
    ...diskWork(draft),
    ...(draft.migrateTo === undefined ? {} : { migrate: { target: draft.migrateTo } }),
    ...poolMove(draft, context.pool),
    regenerateCloudInit: changes.some((change) => change.cost === 'cloud-init-rerun'),
  };
}

/** True when nothing has to be sent. */
export function isEmptyWrite(write: ConfigWrite): boolean {
  const { set, remove, resize, moveDisk, migrate, pool } = write;
  const parts = [resize, moveDisk, migrate, pool];
  return (
    Object.keys(set).length === 0 &&
    remove.length === 0 &&
    parts.every((part) => part === undefined)
  );
}

function diskWork(draft: Draft): Pick<ConfigWrite, 'resize' | 'moveDisk'> {
  const disk = draft.diskKey;
  if (disk === undefined) return {};
  return {
    ...(draft.resize === undefined ? {} : { resize: { disk, bytes: draft.resize } }),
    ...(draft.moveTo === undefined ? {} : { moveDisk: { disk, storage: draft.moveTo } }),
  };
}

function poolMove(draft: Draft, from: string | undefined): Pick<ConfigWrite, 'pool'> {
  const { pool: to } = draft;
  if (to === undefined || to === from) return {};
  if (to !== null) return { pool: { pool: to, join: true } };
  return from === undefined ? {} : { pool: { pool: from, join: false } };
}
