import { COMMANDS, type CommandSpec, type FlagSpec, GLOBAL_FLAGS } from './command-table.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script that completes commands and flags; made from the same table as the parser. */
export function completionScript(shell: Shell): string {
  const lines = { bash: bashLines, zsh: zshLines, fish: fishLines }[shell]();
  return `${lines.join('\n')}\n`;
}

const NAMES = COMMANDS.map(({ name }) => name).join(' ');
const FILE_FLAGS = ['out', 'var-file', 'junit', 'chdir', 'metrics-file', 'against', 'record-dir'];

function flagWords(flags: readonly FlagSpec[]): string {
  return flags.map(({ name }) => `--${name}`).join(' ');
}

/** For the shells that ask what may follow: an alternative of the words that take a value. */
function valueFlags(flags: readonly FlagSpec[]): string {
  const names = flags.filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`);
  return [...new Set([...names, '-C', '-e'])].join('|');
}

function bashLines(): readonly string[] {
  const all = [...GLOBAL_FLAGS, ...COMMANDS.flatMap(({ flags }) => flags)];
  const files = FILE_FLAGS.map((name) => `--${name}`).join('|');
  return [
    '# bash completion of muster:  source <(muster completion bash)',
    '_muster() {',
    '  local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}" command="" skip="" word',
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    '    if [ -n "$skip" ]; then skip=""; continue; fi',
    `    case "$word" in ${valueFlags(all)}) skip=1 ;; -*) ;; *) command="$word"; break ;; esac`,
    '  done',
    '  local words=""',
    '  case "$prev" in',
    `    ${files}|-C) COMPREPLY=($(compgen -f -- "$cur")); return ;;`,
    `    ${valueFlags(all)}) COMPREPLY=(); return ;;`,
    '  esac',
    '  case "$command" in',
    `    "") words="${NAMES} ${flagWords(GLOBAL_FLAGS)}" ;;`,
    ...COMMANDS.map(
      ({ name, flags }) => `    ${name}) words="${flagWords([...flags, ...GLOBAL_FLAGS])}" ;;`,
    ),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '  if [ "${#COMPREPLY[@]}" -eq 0 ]; then COMPREPLY=($(compgen -f -- "$cur")); fi',
    '}',
    'complete -F _muster muster',
  ];
}

function zshLines(): readonly string[] {
  return [
    '#compdef muster',
    '_muster() {',
    '  local -a commands',
    '  commands=(',
    ...COMMANDS.map(({ name, help }) => `    ${quoted(`${name}:${help}`)}`),
    '  )',
    `  _arguments -C ${GLOBAL_FLAGS.map(zshFlag).join(' ')} '1: :->command' '*:: :->rest'`,
    '  case "$state" in',
    '    command) _describe command commands ;;',
    '    rest)',
    '      case "$words[1]" in',
    ...COMMANDS.map(zshCommand),
    '      esac ;;',
    '  esac',
    '}',
    'if [ "$funcstack[1]" = "_muster" ]; then _muster "$@"; else compdef _muster muster; fi',
  ];
}

function zshCommand({ name, flags }: CommandSpec): string {
  const specs = [...flags, ...GLOBAL_FLAGS].map(zshFlag).join(' ');
  return `        ${name}) _arguments ${specs} '*:file:_files' ;;`;
}

function zshFlag({ name, value, help, repeat }: FlagSpec): string {
  const text = help.replace(/[[\]:\\]/g, ' ');
  const argument =
    value === undefined
      ? ''
      : `:${value.replace(/[^A-Za-z]/g, ' ')}:${FILE_FLAGS.includes(name) ? '_files' : ''}`;
  return quoted(`${repeat === true ? '*' : ''}--${name}[${text}]${argument}`);
}

function fishLines(): readonly string[] {
  const isFirst = `-n '__fish_use_subcommand'`;
  return [
    '# fish completion of muster:  muster completion fish | source',
    'complete -c muster -f',
    ...GLOBAL_FLAGS.map((flag) => `complete -c muster ${fishFlag(flag)}`),
    ...COMMANDS.map(
      ({ name, help }) => `complete -c muster ${isFirst} -a ${name} -d ${quoted(help)}`,
    ),
    ...COMMANDS.flatMap(({ name, flags }) =>
      flags.map(
        (flag) => `complete -c muster -n '__fish_seen_subcommand_from ${name}' ${fishFlag(flag)}`,
      ),
    ),
  ];
}

function fishFlag({ name, short, value, help }: FlagSpec): string {
  const letter = short === undefined ? '' : ` -s ${short}`;
  const files = FILE_FLAGS.includes(name) ? ' -F' : '';
  return `-l ${name}${letter}${value === undefined ? '' : ' -r'}${files} -d ${quoted(help)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
