import type { Inventory, VmFacts } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import { statusOf } from '../model/lifecycle.ts';
import { lookup } from '../model/lookup.ts';
import { phaseOf } from '../model/phase-of.ts';
import type { Finding } from '../model/plan.ts';
import { describeRun, holderOf } from '../model/runs.ts';
import type { State, WorkerRecord } from '../model/state.ts';
import type { DesiredWorker } from '../model/worker.ts';
import type { StatusRow } from '../report/status-text.ts';

export interface StatusSources {
  readonly state: State;
  readonly inventory?: Inventory;
  readonly desired: readonly DesiredWorker[];
  readonly findings: readonly Finding[];
  /** Cluster time in ms. */
  readonly now: number;
}

/** One row per worker that is declared or recorded, sorted by name. */
export function statusRows(sources: StatusSources): readonly StatusRow[] {
  const { state, desired } = sources;
  const names = new Set([...Object.keys(state.workers), ...desired.map(({ name }) => name)]);
  return [...names].sort(byCodeUnit).map((name) => rowOf(name, sources));
}

function rowOf(name: string, sources: StatusSources): StatusRow {
  const { state, inventory, desired, findings, now } = sources;
  const record = lookup(state.workers, name);
  const spec = desired.find((worker) => worker.name === name)?.spec ?? record?.declared;
  const holder = record === undefined ? undefined : holderOf(record, state, now);
  const vm = record?.vm;
  const facts = vm === undefined ? undefined : inventory?.vms[String(vm.vmid)];
  const isLeft = holder === undefined && isLeftWorking(sources, record, facts);
  const { test, patch } = record?.last ?? {};
  return {
    worker: name,
    status: statusOf(isLeft ? 'working' : phaseOf(record, holder)),
    enabled: spec?.enabled ?? true,
    node: facts?.node ?? vm?.node ?? spec?.node ?? '',
    ...(vm === undefined ? {} : { vmid: vm.vmid }),
    ...(facts === undefined ? {} : { power: facts.status }),
    ...(test === undefined ? {} : { test }),
    ...(patch === undefined ? {} : { patch }),
    ...(holder === undefined ? {} : { lease: describeRun(holder) }),
    ...quarantineOf(record, now),
    findings: [
      ...(record === undefined ? ['not applied yet'] : []),
      ...findings.filter(({ worker }) => worker === name).map(({ code }) => code),
    ],
  };
}

/** One that has run out holds nobody any more. */
function quarantineOf(
  record: WorkerRecord | undefined,
  now: number,
): Pick<StatusRow, 'quarantine' | 'quarantinedUntil'> {
  const { note, until } = record?.quarantine ?? {};
  if (note === undefined || (until !== undefined && until <= now)) return {};
  return { quarantine: note, ...(until === undefined ? {} : { quarantinedUntil: until }) };
}

/** For one that no live run holds: items of a dead session go on in it until a resume; at rest it is only when off. */
function isLeftWorking(
  { state }: StatusSources,
  record: WorkerRecord | undefined,
  facts: VmFacts | undefined,
): boolean {
  const { lease } = record ?? {};
  const holder = lease === undefined ? undefined : lookup(state.runs, lease.run);
  return holder?.kind === 'session' && facts?.status === 'running';
}
