import { COMMANDS, type FlagSpec, GLOBAL_FLAGS } from './command-table.ts';

export interface SplitArgv {
  /** For the parser, long flags with two dashes. */
  readonly words: readonly string[];
  /** What follows the first `--`, untouched. */
  readonly rest: readonly string[] | undefined;
}

/**
 * Splits at the first `--`, then writes flags as Terraform's users type them the way the parser takes them:
 * `-out=F` and `-out F` become `--out=F` and `--out F`; `-auto-approve=true` becomes `--auto-approve`, and
 * `=false` takes it away. A word that is the value of a flag is left alone.
 */
export function normaliseArgv(argv: readonly string[]): SplitArgv {
  const dashes = findDashes(argv);
  const before = dashes < 0 ? argv : argv.slice(0, dashes);
  const words: string[] = [];
  let isValue = false;
  for (const word of before) {
    if (isValue) {
      words.push(word);
      isValue = false;
      continue;
    }
    const flag = readFlag(word);
    words.push(...(flag?.words ?? [word]));
    isValue = flag?.wantsValue ?? false;
  }
  return { words, rest: dashes < 0 ? undefined : argv.slice(dashes + 1) };
}

function findDashes(argv: readonly string[]): number {
  return argv.indexOf('--');
}

function readFlag(
  word: string,
): { readonly words: readonly string[]; readonly wantsValue: boolean } | undefined {
  const short = GLOBAL_FLAGS.find((flag) => word === `-${flag.short}`);
  if (short !== undefined) return { words: [word], wantsValue: short.value !== undefined };
  const match = /^--?([a-zA-Z][\w-]+)(?:=([\s\S]*))?$/.exec(word);
  const [, name, value] = match ?? [];
  const flag = name === undefined ? undefined : findFlag(name);
  if (flag === undefined) return undefined;
  if (flag.value !== undefined) {
    const full = value === undefined ? `--${name}` : `--${name}=${value}`;
    return { words: [full], wantsValue: value === undefined };
  }
  if (value === undefined || value === 'true') return { words: [`--${name}`], wantsValue: false };
  if (value === 'false') return { words: [], wantsValue: false };
  return { words: [`--${name}=${value}`], wantsValue: false };
}

/** Flags of one name take a value everywhere or nowhere, so the command needn't be known yet. */
function findFlag(name: string): FlagSpec | undefined {
  const own = (flags: readonly FlagSpec[]) => flags.find((flag) => flag.name === name);
  return own(GLOBAL_FLAGS) ?? own(COMMANDS.flatMap((command) => command.flags));
}
