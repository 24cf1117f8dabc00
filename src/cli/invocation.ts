import type { Paint } from '../report/paint.ts';
import type { CliContext } from './context.ts';

/** One command line, parsed. */
export interface Invocation {
  readonly context: CliContext;
  readonly globals: Globals;
  readonly flags: Flags;
  readonly args: readonly string[];
  /** The words after `--`, literally; only of commands that take some. */
  readonly rest: readonly string[];
}

export type CommandRun = (invocation: Invocation) => Promise<number>;

/** Flags by name, as typed; read them through `flags.ts`. */
export type Flags = Readonly<Record<string, unknown>>;

export interface Globals {
  /** The project's folder, absolute. */
  readonly root: string;
  /** Empty: none. */
  readonly environment: string;
  readonly json: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  /** For stdout. */
  readonly paint: Paint;
  readonly vars: readonly string[];
  readonly varFiles: readonly string[];
  readonly parallelism: number | undefined;
  /** Ms. */
  readonly lockTimeout: number;
  /** False: never ask. */
  readonly input: boolean;
  /** How commands to type begin: "muster -e production". */
  readonly program: string;
}
