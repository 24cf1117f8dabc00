import { Command, Option } from 'commander';
import type { CommandSpec } from './command-spec.ts';
import { COMMANDS, GROUPS } from './command-table.ts';
import type { CliContext } from './context.ts';
import { type FlagSpec, GLOBAL_FLAGS } from './flag-table.ts';

/** What the parser found: a command, its words and all flags by name. */
export interface Parsed {
  readonly command: CommandSpec;
  readonly args: readonly string[];
  readonly flags: Readonly<Record<string, unknown>>;
}

/**
 * The parser of these words. `chosen` is called at most once, when they make a command. A command that none of
 * them names is there for the help only, without its flags: making all of them costs every start 3 ms.
 */
export function buildProgram(
  context: CliContext,
  words: readonly string[],
  chosen: (parsed: Parsed) => void,
): Command {
  const program = new Command('muster')
    .description('Plans and applies backup workers on Proxmox VE.')
    .usage('[-C DIR] [-e ENVIRONMENT] COMMAND')
    .exitOverride()
    .helpCommand('help [COMMAND]', 'show the help of a command')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
      // Told by whoever catches it.
      outputError: () => undefined,
    });
  for (const flag of GLOBAL_FLAGS) program.addOption(optionOf(flag));
  program.version(context.version, '--version', 'print the version');
  const groups = new Map<string, Command>();
  for (const spec of COMMANDS) {
    const [group = '', name] = spec.name.split(' ');
    const command = commandOf(spec, program);
    if (words.includes(group)) addUse(command, spec, chosen);
    if (name === undefined) program.addCommand(command);
    else groupOf(group, groups, program).addCommand(command);
  }
  return program;
}

/** The parent of commands with two words, such as "state list"; made with the first of them. */
function groupOf(name: string, groups: Map<string, Command>, program: Command): Command {
  const known = groups.get(name);
  if (known !== undefined) return known;
  const group = new Command(name).description(GROUPS[name] ?? '').copyInheritedSettings(program);
  groups.set(name, group);
  program.addCommand(group);
  return group;
}

function commandOf(spec: CommandSpec, program: Command): Command {
  const command = new Command(spec.name.split(' ').at(-1))
    .description(spec.help)
    .copyInheritedSettings(program);
  for (const argument of spec.args?.split(' ') ?? []) command.argument(argument);
  return command;
}

function addUse(command: Command, spec: CommandSpec, chosen: (parsed: Parsed) => void): void {
  for (const flag of spec.flags) command.addOption(optionOf(flag));
  command.action(() => {
    const options: Record<string, unknown> = command.optsWithGlobals();
    const flags = Object.entries(options).map(([key, value]) => [kebab(key), value]);
    chosen({ command: spec, args: command.args, flags: Object.fromEntries(flags) });
  });
}

/** The parser names flags in camel case; we don't. */
function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function optionOf(flag: FlagSpec): Option {
  const short = flag.short === undefined ? '' : `-${flag.short}, `;
  const value = flag.value === undefined ? '' : ` <${flag.value}>`;
  const option = new Option(`${short}--${flag.name}${value}`, flag.help);
  if (flag.repeat === true) {
    option.argParser((text: string, before: unknown) =>
      Array.isArray(before) ? [...before, text] : [text],
    );
  }
  return option;
}
