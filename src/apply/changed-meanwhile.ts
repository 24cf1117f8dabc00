import type { ConfigWrite } from '../model/attributes/config-write.ts';
import { sameJson } from '../model/json.ts';

/** Somebody changed the VM after its plan was confirmed: what would be written now is not what was agreed to. */
export class ChangedMeanwhile extends Error {
  readonly differences: readonly string[];
  constructor(differences: readonly string[]) {
    super('it was changed by somebody else while this was applied; nothing of that was put back');
    this.name = 'ChangedMeanwhile';
    this.differences = differences;
  }
}

const DISK = /^(?:ide|sata|scsi|virtio|efidisk|tpmstate)\d+$/;

/** Throws ChangedMeanwhile when `now` would write more, or something else, than `agreed`. What is left of it is fine. */
export function requireAgreed(agreed: ConfigWrite, now: ConfigWrite): void {
  const others = Object.entries(now.set).filter(
    // A disk's line names its volume, which our own moving of it changes.
    ([key, value]) => !(key in agreed.set && (DISK.test(key) || sameJson(agreed.set[key], value))),
  );
  const removals = now.remove.filter((key) => !agreed.remove.includes(key));
  const keys = [...others.map(([key]) => key), ...removals];
  if (keys.length === 0) return;
  throw new ChangedMeanwhile(keys.map((key) => `${key} was changed meanwhile`));
}
