import {
  bootDiskKey,
  driveKeys,
  driveSize,
  isCloudInit,
  volumeOf,
} from '../model/attributes/disk.ts';
import type { VmConfig } from '../model/inventory.ts';
import { formatSize } from '../model/quantity.ts';
import type { Attributes } from '../model/worker.ts';

/** Volumes that destroying this VM frees, as `storage:volume (size)`. */
export function freedVolumes(config: VmConfig): readonly string[] {
  return driveKeys(config).flatMap((key) => {
    const value = config.values[key];
    const volume = volumeOf(value);
    if (volume === undefined || isCloudInit(value)) return [];
    const size = driveSize(value);
    return [size === undefined ? volume : `${volume} (${formatSize(size)})`];
  });
}

/**
 * Volumes on the VM that Muster did not make: they were not there after the last apply. Of a VM whose last
 * apply is not known, only the boot disk and the cloud-init drive count as made.
 */
export function foreignVolumes(
  config: VmConfig,
  observed: Attributes | undefined,
): readonly string[] {
  const seen = observed?.drives;
  const made = Array.isArray(seen) ? seen : [bootDiskKey(config) ?? ''];
  return driveKeys(config)
    .filter((key) => !made.includes(key) && !isCloudInit(config.values[key]))
    .map((key) => `${key}: ${volumeOf(config.values[key]) ?? ''}`);
}
