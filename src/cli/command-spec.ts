import type { FlagSpec } from './flag-table.ts';
import type { CommandRun } from './invocation.ts';

/** One command, as data: the parser, the help and the completion are made from it. */
export interface CommandSpec {
  readonly name: string;
  /** As commander writes it: `[PLANFILE]`, `[W...]`. */
  readonly args?: string;
  readonly help: string;
  readonly flags: readonly FlagSpec[];
  /** Takes words after `--`, literally. */
  readonly takesRest?: true;
  /** Loaded when it is run, so that `--help` loads little. */
  readonly load: () => Promise<CommandRun>;
}
