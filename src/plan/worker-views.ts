import type { Identity } from '../model/attributes/attribute.ts';
import type { Views } from '../model/attributes/diff-attributes.ts';
import { bootDiskKey, cloudInitKey } from '../model/attributes/disk.ts';
import { attributesOf, readAttributes } from '../model/attributes/read-attributes.ts';
import type { VmConfig, VmFacts } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import type { State, WorkerRecord } from '../model/state.ts';
import type { Attributes, DesiredWorker } from '../model/worker.ts';

/** The views of one worker whose VM is there (or, without a refresh, is taken for what it last was). */
export function viewsOf(
  desired: DesiredWorker,
  record: WorkerRecord | undefined,
  recordedName: string,
  state: State,
  uuid: string | undefined,
  found: Attributes | undefined,
): Views {
  const now =
    uuid === undefined ? undefined : identityOf(desired.name, desired.declaredAt.file, state, uuid);
  const before =
    uuid === undefined || record === undefined
      ? undefined
      : identityOf(recordedName, fileOf(record) ?? desired.declaredAt.file, state, uuid);
  return {
    desired: attributesOf(desired.spec, desired.name, now),
    found,
    declaredBefore:
      record === undefined ? undefined : attributesOf(record.declared, recordedName, before),
    observed: record?.observed,
  };
}

type Place = Pick<VmFacts, 'vmid' | 'node' | 'pool'>;

export function attributesFound(config: VmConfig, vm: Place): Attributes {
  const pool = vm.pool === undefined ? {} : { pool: vm.pool };
  return readAttributes(config, { node: vm.node, vmid: vm.vmid, ...pool });
}

/** What the marks and the card of a worker's VM are made of. */
function identityOf(worker: string, declaredIn: string, state: State, uuid: string): Identity {
  const { lineage, project, environment } = state;
  return { owner: { lineage, project, environment, worker, uuid }, declaredIn };
}

/** `declaredIn` is "file:line"; the card names the file only. */
function fileOf(record: WorkerRecord): string | undefined {
  return record.declaredIn?.replace(/(:\d+)+$/, '');
}

/**
 * The same of a VM that a record takes in. A drive that somebody attached since it was made is not known for
 * Muster's: only those that every worker is made with are.
 */
export function attributesTakenIn(config: VmConfig, vm: Place): Attributes {
  const own = [bootDiskKey(config), cloudInitKey(config)].filter((key) => key !== undefined);
  return { ...attributesFound(config, vm), drives: own.sort(byCodeUnit) };
}
