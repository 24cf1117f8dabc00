export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** The command table, which names this command and so can't be imported here. */
export interface CommandTable {
  readonly globals: readonly Flag[];
  readonly commands: readonly {
    readonly name: string;
    readonly help: string;
    readonly flags: readonly Flag[];
  }[];
  /** Help of first words that only begin others, such as "state". */
  readonly groups: Readonly<Record<string, string>>;
}

interface Flag {
  readonly name: string;
  readonly short?: string;
  readonly value?: string;
  readonly repeat?: true;
  readonly help: string;
}

/** A script that completes commands and flags; made from the same table as the parser. */
export function completionScript(shell: Shell, table: CommandTable): string {
  const lines = { bash: bashLines, zsh: zshLines, fish: fishLines }[shell](table);
  return `${lines.join('\n')}\n`;
}

/** A first word on the command line, and what may follow it. */
interface Entry {
  readonly name: string;
  readonly help: string;
  readonly flags: readonly Flag[];
  /** The second words of a group, such as "list" of "state list". */
  readonly words: readonly string[];
}

function entriesOf({ commands, groups }: CommandTable): readonly Entry[] {
  const firsts = [...new Set(commands.map(({ name }) => firstWord(name)))];
  return firsts.map((first) => {
    const those = commands.filter(({ name }) => firstWord(name) === first);
    const flags = new Map(those.flatMap((each) => each.flags).map((flag) => [flag.name, flag]));
    const words = those.flatMap(({ name }) => name.split(' ').slice(1));
    const help = groups[first] ?? those[0]?.help ?? '';
    return { name: first, help, flags: [...flags.values()], words };
  });
}

const FILE_FLAGS = ['out', 'var-file', 'junit', 'chdir', 'metrics-file', 'against', 'record-dir'];

function flagWords(flags: readonly Flag[]): string {
  return flags.map(({ name }) => `--${name}`).join(' ');
}

/** For the shells that ask what may follow: an alternative of the words that take a value. */
function valueFlags(flags: readonly Flag[]): string {
  const names = flags.filter(({ value }) => value !== undefined).map(({ name }) => `--${name}`);
  return [...new Set([...names, '-C', '-e'])].join('|');
}

function bashLines(table: CommandTable): readonly string[] {
  const { globals, commands } = table;
  const entries = entriesOf(table);
  const names = entries.map(({ name }) => name).join(' ');
  const all = [...globals, ...commands.flatMap(({ flags }) => flags)];
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
    `    "") words="${names} ${flagWords(globals)}" ;;`,
    ...entries.map(({ name, flags, words }) => {
      const all = [...words, flagWords([...flags, ...globals])];
      return `    ${name}) words="${all.join(' ')}" ;;`;
    }),
    '  esac',
    '  COMPREPLY=($(compgen -W "$words" -- "$cur"))',
    '  if [ "${#COMPREPLY[@]}" -eq 0 ]; then COMPREPLY=($(compgen -f -- "$cur")); fi',
    '}',
    'complete -F _muster muster',
  ];
}

function zshLines(table: CommandTable): readonly string[] {
  const { globals } = table;
  const entries = entriesOf(table);
  return [
    '#compdef muster',
    '_muster() {',
    '  local -a commands',
    '  commands=(',
    ...entries.map(({ name, help }) => `    ${quoted(`${name}:${help}`)}`),
    '  )',
    `  _arguments -C ${globals.map(zshFlag).join(' ')} '1: :->command' '*:: :->rest'`,
    '  case "$state" in',
    '    command) _describe command commands ;;',
    '    rest)',
    '      case "$words[1]" in',
    ...entries.map((entry) => zshCommand(entry, globals)),
    '      esac ;;',
    '  esac',
    '}',
    'if [ "$funcstack[1]" = "_muster" ]; then _muster "$@"; else compdef _muster muster; fi',
  ];
}

function zshCommand({ name, flags, words }: Entry, globals: readonly Flag[]): string {
  const second = words.length === 0 ? [] : [`'1:command:(${words.join(' ')})'`];
  const specs = [...[...flags, ...globals].map(zshFlag), ...second].join(' ');
  return `        ${name}) _arguments ${specs} '*:file:_files' ;;`;
}

function zshFlag({ name, value, help, repeat }: Flag): string {
  const text = help.replace(/[[\]:\\]/g, ' ');
  const argument =
    value === undefined
      ? ''
      : `:${value.replace(/[^A-Za-z]/g, ' ')}:${FILE_FLAGS.includes(name) ? '_files' : ''}`;
  return quoted(`${repeat === true ? '*' : ''}--${name}[${text}]${argument}`);
}

function fishLines(table: CommandTable): readonly string[] {
  const { globals } = table;
  const entries = entriesOf(table);
  const isFirst = `-n '__fish_use_subcommand'`;
  return [
    '# fish completion of muster:  muster completion fish | source',
    'complete -c muster -f',
    ...globals.map((flag) => `complete -c muster ${fishFlag(flag)}`),
    ...entries.map(
      ({ name, help }) => `complete -c muster ${isFirst} -a ${name} -d ${quoted(help)}`,
    ),
    ...entries.flatMap(({ name, flags, words }) => {
      const seen = `complete -c muster -n '__fish_seen_subcommand_from ${name}'`;
      const second = words.length === 0 ? [] : [`${seen} -a '${words.join(' ')}'`];
      return [...second, ...flags.map((flag) => `${seen} ${fishFlag(flag)}`)];
    }),
  ];
}

function fishFlag({ name, short, value, help }: Flag): string {
  const letter = short === undefined ? '' : ` -s ${short}`;
  const files = FILE_FLAGS.includes(name) ? ' -F' : '';
  return `-l ${name}${letter}${value === undefined ? '' : ' -r'}${files} -d ${quoted(help)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function firstWord(name: string): string {
  return name.split(' ')[0] ?? name;
}
