import { buildWorld } from './build-world.ts';
import { advanceWorld } from './engine.ts';
import { handleRequest } from './handle.ts';
import type { SimAnswer, SimRequest } from './protocol.ts';
import type { WorldSpec } from './spec.ts';
import type { Fault, JournalEntry, World } from './world.ts';

export type { SimAnswer, SimRequest } from './protocol.ts';

export interface SimCluster {
  /** nowMs: since the epoch, monotonic per cluster. Everything due by then happens first. */
  handle(request: SimRequest, nowMs: number): SimAnswer;
  /** The world as JSON: save and restore gives the same cluster. */
  save(): string;
  /** To look at and to edit by hand (see by-hand.ts). */
  readonly world: World;
  inject(fault: Fault): void;
  /** Accepted writes since the last call. */
  journal(): readonly JournalEntry[];
  /** Lets everything happen that is due by then. */
  advance(nowMs: number): void;
}

export function createCluster(spec: WorldSpec, nowMs: number): SimCluster {
  const world = buildWorld(spec, nowMs);
  advanceWorld(world, nowMs);
  return clusterOf(world);
}

export function restoreCluster(saved: string): SimCluster {
  const world: World = JSON.parse(saved);
  if (world.format !== 1)
    throw new Error(`a simulator of another version wrote this (${world.format})`);
  return clusterOf(world);
}

function clusterOf(world: World): SimCluster {
  return {
    world,
    handle: (request, nowMs) => {
      advanceWorld(world, nowMs);
      return handleRequest(world, request);
    },
    save: () => JSON.stringify(world),
    inject: (fault) => {
      const { nth, ...match } = fault.match;
      world.faults.push({ match: { ...match, left: nth ?? 1 }, effect: fault.effect });
    },
    journal: () => world.journal.splice(0),
    advance: (nowMs) => {
      advanceWorld(world, nowMs);
    },
  };
}
