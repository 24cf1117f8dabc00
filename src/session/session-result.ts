import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import type { ItemAttempt, LiveSession, SessionItem } from '../model/session.ts';
import {
  type AttemptOutcome,
  hasFailed,
  type ItemOutcome,
  type LaunchSpan,
  type RepositoryUse,
  type SessionResult,
  type WorkerLaunch,
} from '../model/session-result.ts';
import { attemptsOf, itemState } from './session-items.ts';
import { lineOf } from './session-line.ts';

/** The report of a session as it stands at `at` (cluster time, ms); taken before it is finished. */
export function resultOf(
  session: LiveSession,
  at: number,
  ending: Pick<SessionResult, 'leftRunning' | 'broken' | 'elsewhere'> & {
    readonly interrupted: boolean;
    /** It is not over: somebody may go on with it. */
    readonly isLive?: boolean;
  },
): SessionResult {
  const { endedAt, outcome } = lineOf(session, at, ending.interrupted);
  const readyAt = firstReady(session);
  const isLive = ending.isLive === true;
  const items = session.items.map((item): ItemOutcome => {
    const result = isLive ? liveResult(session, item) : finalResult(session, item);
    return { ...outcomeOf(session, item, endedAt, readyAt), result };
  });
  const rank = (item: ItemOutcome): number =>
    hasFailed(item) ? 0 : ['running', 'waiting', 'ok'].indexOf(item.result) + 1;
  return {
    id: session.id,
    ...(session.name === undefined ? {} : { name: session.name }),
    kind: session.spec.kind,
    startedAt: session.startedAt,
    tookMs: endedAt - session.startedAt,
    outcome,
    items: items.sort((a, b) => rank(a) - rank(b) || byCodeUnit(a.item, b.item)),
    workers: Object.keys(session.workers)
      .sort(byCodeUnit)
      .map((worker) => launchOf(session, worker, endedAt)),
    repositories: usesOf(session, endedAt),
    leftRunning: ending.leftRunning,
    ...(isLive ? { isLive } : {}),
    ...(ending.broken === undefined ? {} : { broken: ending.broken }),
    ...(ending.elsewhere === undefined ? {} : { elsewhere: ending.elsewhere }),
  };
}

/** Workers that are on, as far as the record tells: the guests' timer may have powered them off since. Sorted. */
export function poweredOn({ workers }: LiveSession): readonly string[] {
  return Object.entries(workers)
    .filter(
      ({ 1: { timeline, endedAt } }) =>
        endedAt === undefined &&
        timeline.some(({ phase }) => phase !== 'deploy' && phase !== 'update'),
    )
    .map(([name]) => name)
    .sort(byCodeUnit);
}

/** When the first of its workers took items. */
function firstReady({ workers }: LiveSession): number {
  const begun = Object.values(workers).flatMap(({ timeline }) =>
    timeline.flatMap(({ phase, at }) => (phase === 'work' ? [at] : [])),
  );
  return Math.min(...begun);
}

function waitOf(attempts: readonly ItemAttempt[], readyAt: number): number {
  const waits = attempts.map(({ startedAt }, index) => {
    const free = Math.max(readyAt, attempts[index - 1]?.endedAt ?? readyAt);
    return Math.max(0, startedAt - free);
  });
  return waits.reduce((sum, wait) => sum + wait, 0);
}

/** Of a session that can be gone on with. */
function liveResult(session: LiveSession, item: SessionItem): ItemOutcome['result'] {
  const state = itemState(session, item);
  return state === 'failed' ? finalResult(session, item) : state;
}

function finalResult(session: LiveSession, item: SessionItem): ItemOutcome['result'] {
  const last = attemptsOf(session, item.name).at(-1);
  // Nobody saw it end, and nobody will.
  if (last?.result === 'running') return 'lost';
  return last?.result ?? 'not-run';
}

function outcomeOf(
  session: LiveSession,
  item: SessionItem,
  endedAt: number,
  readyAt: number,
): Omit<ItemOutcome, 'result'> {
  const attempts = attemptsOf(session, item.name);
  return {
    item: item.name,
    ...(item.vm === undefined ? {} : { vm: item.vm }),
    ...(item.repository === undefined ? {} : { repository: item.repository }),
    ...(attempts.length === 0 ? {} : { waitedMs: waitOf(attempts, readyAt) }),
    attempts: attempts.map((attempt) => attemptOutcome(session, attempt, endedAt)),
  };
}

function attemptOutcome(
  session: LiveSession,
  attempt: ItemAttempt,
  endedAt: number,
): AttemptOutcome {
  const { worker, place, startedAt, exitCode, lastLine } = attempt;
  return {
    worker,
    node: lookup(session.workers, worker)?.node ?? '',
    place,
    start: startedAt - session.startedAt,
    end: (attempt.endedAt ?? endedAt) - session.startedAt,
    ...(exitCode === undefined ? {} : { exitCode }),
    ...(lastLine === undefined ? {} : { lastLine }),
  };
}

function launchOf(session: LiveSession, worker: string, endedAt: number): WorkerLaunch {
  const record = lookup(session.workers, worker);
  const timeline = record?.timeline ?? [];
  const off = record?.endedAt ?? endedAt;
  const phases = timeline.map(({ phase, at }, index): LaunchSpan => {
    const end = timeline[index + 1]?.at ?? off;
    return { phase, start: at - session.startedAt, end: Math.max(at, end) - session.startedAt };
  });
  const own = session.items.filter(
    ({ name }) => attemptsOf(session, name).at(-1)?.worker === worker,
  );
  return {
    worker,
    node: record?.node ?? '',
    ...(record?.vmid === undefined ? {} : { vmid: record.vmid }),
    items: own.length,
    ...(record?.leftOut === undefined ? {} : { leftOut: record.leftOut }),
    phases,
  };
}

function usesOf(session: LiveSession, endedAt: number): Readonly<Record<string, RepositoryUse>> {
  const spans = new Map<string, { items: number; readonly used: Span[] }>();
  for (const { name, repository } of session.items) {
    const attempts = attemptsOf(session, name);
    if (repository === undefined || attempts.length === 0) continue;
    const use = spans.get(repository) ?? { items: 0, used: [] };
    use.items += 1;
    for (const each of attempts) use.used.push([each.startedAt, each.endedAt ?? endedAt]);
    spans.set(repository, use);
  }
  const uses = [...spans].map(([name, { items, used }]): [string, RepositoryUse] => {
    const busyMs = used.reduce((sum, [start, end]) => sum + end - start, 0);
    return [name, { items, busyMs, peak: peakOf(used) }];
  });
  return Object.fromEntries(uses.sort(([a], [b]) => byCodeUnit(a, b)));
}

type Span = readonly [start: number, end: number];

/** Most spans at one time; one that ends when another begins makes room for it. */
function peakOf(spans: readonly Span[]): number {
  const steps = spans.flatMap(([start, end]) => [[start, 1] as const, [end, -1] as const]);
  steps.sort(([a, up], [b, other]) => a - b || up - other);
  let now = 0;
  let most = 0;
  for (const [, step] of steps) {
    now += step;
    most = Math.max(most, now);
  }
  return most;
}
