import type { VmConfig } from '../../../src/model/inventory.ts';
import { cardLine, type Owner, smbiosOf } from '../../../src/model/marks.ts';
import { config, LINEAGE, TEMPLATE, uuidOf } from './builders.ts';

export function ownerOf(vmid: number, change: Partial<Owner> = {}): Owner {
  return {
    lineage: LINEAGE,
    project: 'backup',
    environment: 'production',
    worker: 'a',
    uuid: uuidOf(vmid),
    ...change,
  };
}

/** The config of a clone that bears all marks of that owner; null removes a value. */
export function bearing(
  owner: Owner,
  change: Readonly<Record<string, string | null>> = {},
): VmConfig {
  return unmarked({
    smbios1: smbiosOf(owner.uuid, owner.lineage),
    description: cardLine(owner),
    tags: 'muster',
    ...change,
  });
}

/** The config of a VM that somebody cloned by hand; null removes a value. */
export function unmarked(change: Readonly<Record<string, string | null>> = {}): VmConfig {
  const values = {
    ...TEMPLATE.values,
    template: null,
    scsi0: 'local-lvm:vm-9100-disk-0,size=3G',
    ...change,
  };
  return config(
    Object.fromEntries(
      Object.entries(values).flatMap(([key, value]) => (value === null ? [] : [[key, value]])),
    ),
  );
}
