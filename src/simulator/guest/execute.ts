import { randomFraction } from '../sequence.ts';
import type { World } from '../world.ts';
import { basePrograms, cloudInitProgram } from './base-programs.ts';
import { networkOf } from './network.ts';
import type { Guest, GuestProcess, Program, ProgramCall, ProgramResult } from './program.ts';
import { programs } from './registry.ts';

interface Given {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const searchPath = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
const NAMED = /^muster-[a-z0-9-]+\/[a-z0-9.]+$/i;

/** Runs a program in a guest; undefined: there is no such program. */
export function execute(
  world: World,
  guest: Guest,
  argv: readonly string[],
  given: Given,
  nowMs: number,
): ProgramResult | undefined {
  const found = findProgram(guest, argv);
  if (found === undefined) return undefined;
  const call: ProgramCall = {
    guest,
    args: found.args,
    stdin: given.stdin ?? '',
    nowMs,
    network: networkOf(world, guest),
    env: given.env ?? {},
    run: (inner, more) => execute(world, guest, inner, { ...given, stdin: '', ...more }, nowMs),
    random: () => randomFraction(world),
  };
  return found.program(call);
}

function findProgram(
  guest: Guest,
  argv: readonly string[],
): { program: Program; args: readonly string[] } | undefined {
  const [name = '', ...args] = argv;
  const short = name.replace(/^\/(?:usr\/)?s?bin\//, '');
  const tag = argv[3] ?? '';
  if (
    (short === 'sh' || short === 'bash' || short === 'dash') &&
    argv[1] === '-c' &&
    NAMED.test(tag)
  ) {
    return { program: programs.get(tag) ?? notKnown(tag), args: argv.slice(4) };
  }
  const base = basePrograms.get(short);
  if (base !== undefined) return { program: base, args };
  if (short === 'cloud-init' && guest.cloudInitDoneMs !== null) {
    return { program: cloudInitProgram, args };
  }
  const path = locate(guest, name);
  return path === undefined ? undefined : { program: ownScript, args };
}

function notKnown(tag: string): Program {
  return () => ({ stdout: '', stderr: `sh: ${tag}: not found\n`, exit: 127, takesMs: 5 });
}

function locate(guest: Guest, name: string): string | undefined {
  const places = name.includes('/') ? [name] : searchPath.map((folder) => `${folder}/${name}`);
  return places.find((path) => {
    const file = guest.files[path];
    return file !== undefined && (file.mode & 0o111) !== 0;
  });
}

/** Somebody's own script: it takes as long as a backup of the VM that its arguments name. */
const ownScript: Program = (call) => {
  const vmid = call.args.find((arg) => /^[1-9]\d{2,8}$/.test(arg));
  const takesMs = vmid === undefined ? 2000 : call.network.backupMs(Number(vmid));
  const about = vmid === undefined ? '' : `backed up ${vmid}\n`;
  return { stdout: about, stderr: '', exit: 0, takesMs };
};

/** Starts a program as a child of the guest agent. undefined: there is no such program. */
export function startByAgent(
  world: World,
  guest: Guest,
  argv: readonly string[],
  stdin: string,
  nowMs: number,
): GuestProcess | undefined {
  const result = execute(world, guest, argv, { stdin }, nowMs);
  if (result === undefined) return undefined;
  const process: GuestProcess = {
    pid: guest.nextPid,
    name: argv[0] ?? '',
    argv: [...argv],
    startedMs: nowMs,
    endsMs: nowMs + Math.max(1, result.takesMs),
    exit: result.exit,
    ...(result.signal === undefined ? {} : { signal: result.signal }),
    output: result.stdout,
    errors: result.stderr,
    inAgentCgroup: true,
    onEnd: [...(result.effects ?? [])],
    timeline: [],
    byAgent: true,
  };
  guest.nextPid += 2;
  guest.processes.push(process);
  return process;
}
