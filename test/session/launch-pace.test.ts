import { describe, expect, it } from 'vitest';
import type { LaunchPhase } from '../../src/model/session.ts';
import { nextAssignments } from '../../src/session/session-items.ts';
import { liveSession, MINUTE, NOW, sessionItem } from './support.ts';

const SECOND = 1000;

/** Launches begun at the start, each from the beginning of its phases, in seconds. */
function worker(node: string, expected: number, phases: Partial<Record<LaunchPhase, number>>) {
  const timeline = Object.entries(phases).map(([phase, at]) => ({
    phase: phase as LaunchPhase,
    at: NOW + at * SECOND,
  }));
  return { node, slots: 4, expectedAt: NOW + expected * SECOND, timeline };
}

const files = sessionItem('vm-106', {
  vm: { vmid: 106, name: 'files', node: 'pve2' },
  estimate: { ms: 10 * MINUTE, from: 'default' },
});

/** Where the item of pve2 goes when pve1's worker is ready after 22 s. */
function placeOf(
  expected: readonly [number, number],
  second: Partial<Record<LaunchPhase, number>>,
) {
  const session = liveSession({
    items: [files],
    workers: {
      w1: worker('pve1', expected[0], { deploy: 0, start: 3, patch: 18, work: 22 }),
      w2: worker('pve2', expected[1], second),
    },
  });
  const { assignments } = nextAssignments(session, { sessions: {} }, NOW + 22 * SECOND);
  return assignments.map(({ worker: name, place }) => `${name} ${place}`);
}

describe('a worker that is a moment behind the others in its first launch', () => {
  it('is waited for by the items of its node, though launches were expected to take minutes', () => {
    expect(placeOf([200, 200], { deploy: 0, start: 3, patch: 18 })).toEqual([]);
  });

  it('is not when its launch takes much longer than the others by what is known of it', () => {
    expect(placeOf([22, 300], { deploy: 0 })).toEqual(['w1 other-node']);
  });

  it('is judged by its own estimate while it waits for its turn to be deployed', () => {
    expect(placeOf([200, 400], {})).toEqual(['w1 other-node']);
  });
});
