import { SCRIPTS } from '../generated/scripts.ts';
import { Fenced, GuestError } from '../model/errors.ts';
import type { ExecResult } from '../model/pve-port.ts';
import { MAX_EXEC_INPUT } from '../model/pve-texts.ts';
import { agentTrouble, mayPass } from './agent-trouble.ts';
import { type GuestTarget, nameOf } from './target.ts';

/** Scripts that are called by themselves. */
export type ScriptName =
  | 'ready'
  | 'launch'
  | 'beat'
  | 'files'
  | 'checks'
  | 'check'
  | 'patch'
  | 'supervise'
  | 'supervise-status'
  | 'supervise-stop'
  | 'activity';

/** Of the arguments and the output, as `$0` says it: `muster-checks/1`. */
const SCRIPT_VERSION = 1;
const FENCED = 75;

export interface ScriptOptions {
  /** Ms that one call may take inside the guest. */
  readonly timeout: number;
  readonly stdin?: string;
  /** Ms for which a silent agent or a lost answer is tried again; every script may be repeated. Default 30 s. */
  readonly patience?: number;
}

/** What a script needs besides the prelude, in front of its own text. */
const LIBRARIES: Readonly<Record<string, readonly string[]>> = {
  activity: ['lib-attempts', 'lib-packages'],
  checks: ['lib-network', 'lib-ports'],
  deadman: ['lib-attempts', 'lib-packages'],
  patch: ['lib-packages', 'lib-managers'],
  runner: ['lib-attempts'],
  supervise: ['lib-attempts'],
  'supervise-status': ['lib-attempts'],
  'supervise-stop': ['lib-attempts'],
};

/** The text of a script as it is run. `runner` and `deadman` are given to others, which write them to a file. */
export function scriptText(name: ScriptName | 'runner' | 'deadman'): string {
  return ['prelude', ...(LIBRARIES[name] ?? []), name].map(partText).join('\n');
}

function partText(name: string): string {
  const text = new Map(Object.entries(SCRIPTS)).get(name);
  if (text === undefined) throw new Error(`no script ${name}`);
  return text;
}

/** What is executed in the guest. The name stands in for `$0`, so that process lists say what it is. */
export function scriptArgv(name: ScriptName, args: readonly string[]): readonly string[] {
  return ['sh', '-c', scriptText(name), `muster-${name}/${SCRIPT_VERSION}`, ...args];
}

/**
 * Runs one script in the guest and returns what it printed. Throws Fenced when the guest has seen a higher
 * fence, GuestError when the script itself failed, WaitTimeout, PveError.
 */
export async function runScript(
  target: GuestTarget,
  name: ScriptName,
  args: readonly string[],
  options: ScriptOptions,
): Promise<string> {
  if (Buffer.byteLength(options.stdin ?? '') > MAX_EXEC_INPUT)
    throw new GuestError(
      'input-too-large',
      `${nameOf(target)}: more than 64 KiB of input for ${name}`,
    );
  const result = await execPatiently(target, scriptArgv(name, args), options);
  if (result.exitCode === FENCED)
    throw new Fenced(`${nameOf(target)}: another run has taken over (${firstLine(result.stderr)})`);
  if (result.exitCode !== 0)
    throw new GuestError(
      'script-failed',
      `${nameOf(target)}: muster-${name} ended with ${result.exitCode}: ${firstLine(result.stderr)}`,
    );
  return result.stdout;
}

async function execPatiently(
  target: GuestTarget,
  argv: readonly string[],
  options: ScriptOptions,
): Promise<ExecResult> {
  const { agent, clock, node, signal, vmid } = target;
  const { stdin, timeout, patience = 30_000 } = options;
  const giveUp = clock.monotonic() + patience;
  for (let pause = 500; ; pause = Math.min(pause * 2, 4_000)) {
    try {
      return await agent.exec(node, vmid, argv, {
        timeout,
        signal,
        ...(stdin === undefined ? {} : { stdin }),
      });
    } catch (error) {
      if (!mayPass(agentTrouble(error)) || clock.monotonic() + pause > giveUp) throw error;
      await clock.sleep(pause, signal);
    }
  }
}

function firstLine(text: string): string {
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line === '' ? 'it said nothing' : line.slice(0, 300);
}
