import { COMMANDS } from './command-table.ts';
import { type FlagSpec, GLOBAL_FLAGS } from './flag-table.ts';

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
  const bare: string[] = [];
  let isValue = false;
  for (const word of before) {
    if (isValue) {
      words.push(word);
      isValue = false;
      continue;
    }
    const flag = readFlag(word, bare);
    if (flag === undefined && !word.startsWith('-')) bare.push(word);
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
  bare: readonly string[],
): { readonly words: readonly string[]; readonly wantsValue: boolean } | undefined {
  const short = GLOBAL_FLAGS.find((flag) => word === `-${flag.short}`);
  if (short !== undefined) return { words: [word], wantsValue: short.value !== undefined };
  const match = /^--?([a-zA-Z][\w-]+)(?:=([\s\S]*))?$/.exec(word);
  const [, name, value] = match ?? [];
  const flag = name === undefined ? undefined : findFlag(name, bare);
  if (flag === undefined) return undefined;
  if (flag.value !== undefined) {
    const full = value === undefined ? `--${name}` : `--${name}=${value}`;
    return { words: [full], wantsValue: value === undefined };
  }
  if (value === undefined || value === 'true') return { words: [`--${name}`], wantsValue: false };
  if (value === 'false') return { words: [], wantsValue: false };
  return { words: [`--${name}=${value}`], wantsValue: false };
}

/** As the command that was named has it; before one is, flags of one name are taken to be alike. */
function findFlag(name: string, bare: readonly string[]): FlagSpec | undefined {
  const own = (flags: readonly FlagSpec[]) => flags.find((flag) => flag.name === name);
  const named = [bare.slice(0, 1).join(' '), bare.slice(0, 2).join(' ')];
  const chosen = COMMANDS.filter((command) => named.includes(command.name));
  const all = chosen.length > 0 ? chosen : COMMANDS;
  return own(GLOBAL_FLAGS) ?? own(all.flatMap((command) => command.flags));
}
