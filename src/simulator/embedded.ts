import type { SimRequest, SimResponse } from './cluster.ts';
import type { WorldSpec } from './spec.ts';

export interface EmbeddedOptions {
  /** Where the world is kept, e.g. .muster/simulator.json. */
  readonly file: string;
  /** What it is made from when the file doesn't exist. */
  readonly world: WorldSpec;
  readonly nowMs: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface Embedded {
  /** Rejects with ECONNRESET where a scripted fault drops the connection. */
  send(request: SimRequest): Promise<SimResponse>;
  close(): Promise<void>;
}

/** Throws SimulatorBusy when another process has the file open. */
export async function openEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  throw new Error(`not yet: ${options.file}`);
}
