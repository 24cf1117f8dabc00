import type { Limits } from '../model/declaration.ts';
import { byCodeUnit } from '../model/json.ts';
import type { LaunchTimes, SessionKind } from '../model/session.ts';
import type { LaunchEstimate, SessionAction } from '../model/session-plan.ts';
import type { State, WorkerRecord } from '../model/state.ts';
import type { PatchSpec } from '../model/worker.ts';

/** What launches take when nobody has seen one yet, ms. */
const DEFAULTS: Required<LaunchTimes> = {
  deploy: 90_000,
  update: 5_000,
  start: 5_000,
  agent: 40_000,
  test: 5_000,
  patch: 60_000,
  stop: 15_000,
};

export interface LaunchSubject {
  readonly worker: string;
  readonly record?: WorkerRecord;
  readonly actions: readonly SessionAction[];
  readonly patch: PatchSpec;
}

/** How long the phases of one worker's launch will take; those that it does not go through are missing. */
export function estimateLaunch(
  { record, actions, patch }: LaunchSubject,
  kind: SessionKind,
  state: Pick<State, 'workers'>,
  now: number,
): LaunchEstimate {
  const own = record?.last.launch ?? {};
  const all = Object.values(state.workers).map(({ last }) => last.launch ?? {});
  let from: LaunchEstimate['from'] = 'worker';
  const time = (phase: keyof LaunchTimes): number => {
    const known = own[phase];
    if (known !== undefined) return known;
    const others = medianOf(all.flatMap((times) => times[phase] ?? []));
    if (others === undefined) from = 'default';
    else if (from === 'worker') from = 'others';
    return others ?? DEFAULTS[phase];
  };
  const times: LaunchTimes = {
    ...(actions.includes('deploy') ? { deploy: time('deploy') } : {}),
    ...(actions.includes('update') ? { update: time('update') } : {}),
    start: time('start'),
    agent: time('agent'),
    test: time('test'),
    ...(isPatched(record, patch, kind, now) ? { patch: time('patch') } : {}),
    stop: time('stop'),
  };
  return { times, from };
}

export interface Launch {
  readonly worker: string;
  readonly node: string;
  readonly times: LaunchTimes;
}

/** When each worker takes its first item, ms from the beginning. Deploys and updates share the cluster's limits. */
export function readyTimes(
  launches: readonly Launch[],
  limits: Pick<Limits, 'parallelism' | 'perNode'>,
): ReadonlyMap<string, number> {
  const lanes: number[] = Array.from({ length: Math.max(1, limits.parallelism) }, () => 0);
  const nodes = new Map<string, number[]>();
  const ready = new Map<string, number>();
  const sorted = [...launches].sort((a, b) => byCodeUnit(a.worker, b.worker));
  for (const { worker, node, times } of sorted) {
    const { deploy = 0, update = 0, start = 0, agent = 0, test = 0, patch = 0 } = times;
    const work = deploy + update;
    const own = nodes.get(node) ?? Array.from({ length: Math.max(1, limits.perNode) }, () => 0);
    nodes.set(node, own);
    const begin = work === 0 ? 0 : Math.max(Math.min(...lanes), Math.min(...own));
    if (work > 0) for (const lane of [lanes, own]) occupy(lane, begin + work);
    ready.set(worker, begin + work + start + agent + test + patch);
  }
  return ready;
}

function occupy(lanes: number[], until: number): void {
  lanes[lanes.indexOf(Math.min(...lanes))] = until;
}

/** A restore does not wait for updates; neither does who was patched lately. */
function isPatched(
  record: WorkerRecord | undefined,
  patch: PatchSpec,
  kind: SessionKind,
  now: number,
): boolean {
  if (kind === 'restore' || patch.policy === 'none') return false;
  const last = record?.last.patch;
  const isRecent = last !== undefined && last.result !== 'failed' && now - last.at < patch.maxAge;
  return !isRecent;
}

function medianOf(values: readonly number[]): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}
