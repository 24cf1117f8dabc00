import type { GuestTarget } from '../../src/guest/target.ts';
import type { Clock } from '../../src/model/ports.ts';
import type { PveAgent } from '../../src/model/pve-port.ts';
import type { GuestDoor } from '../contract/guest/guest-world.ts';

/** What the agent does next instead of its work, oldest first; `undefined` lets one call through. */
export type Trouble = Error | undefined;

export interface AgentCalls {
  readonly target: GuestTarget;
  /** Names of the scripts that were run, in order. */
  readonly scripts: string[];
  /** Bytes of each file-write. */
  readonly writes: number[];
  readonly argv: (readonly string[])[];
  /** Taken one by one, by any call. */
  readonly trouble: Trouble[];
  addresses: readonly string[];
}

/** The agent port, answered by a guest of the contract's doors. */
export function agentOf(door: GuestDoor): AgentCalls {
  const next = () => {
    const error = calls.trouble.shift();
    if (error !== undefined) throw error;
  };
  const agent: PveAgent = {
    ping: async () => next(),
    exec: async (_node, _vmid, argv, { stdin }) => {
      next();
      const name = /^muster-([a-z-]+)\/1$/.exec(argv[3] ?? '')?.[1] ?? '';
      calls.scripts.push(name);
      calls.argv.push(argv);
      const answer = await door.run(name, argv.slice(4), stdin);
      const { exit, stdout, stderr } = answer;
      return { exitCode: exit, stdout, stderr, truncated: false };
    },
    readFile: async (_node, _vmid, path) => (await door.file(path))?.content,
    writeFile: async (_node, _vmid, path, content) => {
      next();
      calls.writes.push(content.length);
      await door.writeFile(path, content);
    },
    addresses: async () => {
      next();
      return calls.addresses;
    },
  };
  const calls: AgentCalls = {
    target: { agent, node: 'pve1', vmid: 9100, clock: clockOf(door) },
    scripts: [],
    writes: [],
    argv: [],
    trouble: [],
    addresses: ['192.168.2.58'],
  };
  return calls;
}

function clockOf(door: GuestDoor): Clock {
  return {
    now: () => door.now(),
    monotonic: () => door.now(),
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      await door.pass(ms);
    },
  };
}
