import type { LiveSession, SessionWorkerRecord } from '../model/session.ts';

/**
 * How fast launches go, seen from this session's workers that are ready: 0.1 when they took a tenth of what was
 * expected. Never over 1: one that is late is waited for as `expected` says. The first launch of all is a guess,
 * and a generous one; a worker that is a moment behind the others must not seem minutes away.
 */
export function launchPace({ workers }: Pick<LiveSession, 'workers'>): number {
  const paces = Object.values(workers).flatMap((worker) => {
    const begun = worker.timeline[0];
    const last = worker.timeline.at(-1);
    const hoped = begun === undefined ? 0 : worker.expectedAt - begun.at;
    if (begun === undefined || last?.phase !== 'work' || hoped <= 0) return [];
    return [(last.at - begun.at) / hoped];
  });
  paces.sort((a, b) => a - b);
  return Math.min(1, paces[Math.floor(paces.length / 2)] ?? 1);
}

/** When a worker that is being launched should be ready, at that pace; cluster time, ms. */
export function expectedReady({ timeline, expectedAt }: SessionWorkerRecord, pace: number): number {
  const begun = timeline[0];
  if (begun === undefined || expectedAt <= begun.at) return expectedAt;
  return Math.round(begun.at + (expectedAt - begun.at) * pace);
}
