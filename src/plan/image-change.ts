import { imageRecordOf } from '../model/image-record.ts';
import type { Change } from '../model/plan.ts';
import type { WorkerRecord } from '../model/state.ts';
import type { WorkerSpec } from '../model/worker.ts';
import { DEFAULT_CPU_TYPE } from '../model/worker.ts';

export interface ImageChange {
  readonly change: Change;
  /** Another image is named; otherwise the image of that name became another one. */
  readonly renamed: boolean;
}

/**
 * Whether a VM stems from another image than is declared now. Unknown when the VM was adopted (P38), or while
 * the image can't be resolved. A VM that is, or last was, on another node than declared is judged by the
 * image's name only: the same image has another template there.
 */
export function imageChange(
  record: WorkerRecord,
  spec: WorkerSpec,
  foundNode: string,
): ImageChange | undefined {
  const from = record.image;
  const to = imageRecordOf(spec);
  if (from === undefined || from.source === 'unknown' || to === undefined) return undefined;
  const renamed = from.name !== to.name;
  if (from.source === to.source) return undefined;
  const hasMoved = foundNode !== spec.node || record.vm?.node !== spec.node;
  if (!renamed && hasMoved) return undefined;
  const [before, after] = renamed
    ? [from.name, to.name]
    : [`${from.name} (${from.source})`, `${to.name} (${to.source})`];
  const cause = renamed ? 'declaration' : 'image';
  return { renamed, change: { path: 'image', before, after, causes: [cause], cost: 'rebuild' } };
}

/**
 * What is declared, as it holds for a VM that stays as its former image made it: a bare disk image leaves the CPU
 * type to Muster, and declaring a template, which brings its own, takes it from no VM that was not made of that.
 */
export function specForMade(record: WorkerRecord, spec: WorkerSpec, foundNode: string): WorkerSpec {
  const isFromBare = record.image?.source.startsWith('template ') === false;
  if (!isFromBare || imageChange(record, spec, foundNode) === undefined) return spec;
  return { ...spec, cpu: { type: DEFAULT_CPU_TYPE, ...spec.cpu } };
}

/** Another image's name that makes no other disk, or that the policy leaves alone: only the record follows. */
export function imageNameChange(record: WorkerRecord, spec: WorkerSpec): Change | undefined {
  if (record.declared.image === spec.image) return undefined;
  const [before, after] = [record.declared.image, spec.image];
  return { path: 'image', before, after, causes: ['declaration'], cost: 'record' };
}
