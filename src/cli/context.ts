import type { StateSpec } from '../model/declaration.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Clock, Files, Random, StateStore } from '../model/ports.ts';
import type { Pve } from '../model/pve-port.ts';
import type { ProcessPort } from '../state/process-facts.ts';

/** Everything outside that a command may touch. Built once, in main.ts; tests build their own. */
export interface CliContext {
  /** Without node and script: what the user typed after `muster`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Asks on the terminal. undefined: there is none, or the input ended. */
  prompt(question: string): Promise<string | undefined>;
  /** Opens nothing on the network yet; the first request does. */
  openPve(spec: PveSpec): Promise<Pve>;
  openStore(spec: StoreSpec): StateStore | Promise<StateStore>;
  /** Files below an absolute folder. */
  files(root: string): Files;
  /** What can be found out about this process and others: who holds a lease, and whether it lives. */
  readonly processes: ProcessPort;
  startSimulator(options: SimulatorOptions): Promise<RunningSimulator>;
  readonly clock: Clock;
  readonly random: Random;
  /** `first`: start nothing new, tidy up. `second`: stop at once. */
  readonly interrupts: { readonly first: AbortSignal; readonly second: AbortSignal };
  readonly version: string;
  /** Set where a CI system shows diagnostics on the lines they are about. */
  readonly annotate?: (diagnostics: readonly Diagnostic[]) => void;
  /** Commit of the project in `cwd`, for saved plans. */
  readonly commit?: string;
}

/** A stream for text. Colours and live lines only where `isTTY`. */
export interface TextOutput {
  write(text: string): void;
  readonly isTTY: boolean;
  /** Width of the terminal; undefined where there is none. */
  readonly columns: number | undefined;
}

export type PveSpec =
  | {
      readonly kind: 'api';
      readonly endpoints: readonly string[];
      /** user@realm!id=uuid; never shown. */
      readonly token: string;
      /** SHA-256 of leaf certificates (colon hex), and the text of a PEM file. */
      readonly tls: { readonly fingerprints: readonly string[]; readonly ca?: string };
      readonly parallelism: number;
    }
  /** The embedded one, kept in this file (absolute). */
  | { readonly kind: 'simulator'; readonly file: string; readonly parallelism: number };

export interface StoreSpec {
  readonly state: StateSpec;
  /** The project's folder, absolute: local paths are relative to it. */
  readonly root: string;
  /** The run's id, or the command: told to others that wait for our lock. */
  readonly run: string;
  /** Ms to wait for a lock of the backend. */
  readonly lockTimeout: number;
}

export interface SimulatorOptions {
  /** 0: any free one. */
  readonly port: number;
  readonly tls: boolean;
}

export interface RunningSimulator {
  readonly endpoint: string;
  readonly fingerprint?: string;
  readonly token: string;
  close(): Promise<void>;
}
