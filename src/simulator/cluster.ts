import type { WorldSpec } from './spec.ts';
import type { Fault, JournalEntry, World } from './world.ts';

export interface SimRequest {
  readonly method: string;
  /** After /api2/json, with its query string, still encoded. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SimResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** 'dropped': the connection ends without an answer (the request may have been carried out). */
export type SimAnswer =
  | { readonly kind: 'answer'; readonly response: SimResponse; readonly afterMs: number }
  | { readonly kind: 'dropped'; readonly afterMs: number };

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
  throw new Error(`not yet: ${spec.name} ${nowMs}`);
}

export function restoreCluster(saved: string): SimCluster {
  throw new Error(`not yet: ${saved.length}`);
}
