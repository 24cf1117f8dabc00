import { PveError } from '../model/errors.ts';

/** Why the agent gave no answer, told by Proxmox' text: all of them but 403 are status 500 or 596. */
export type AgentTrouble =
  /** The VM's config has no agent device. */
  | 'not-configured'
  /** The VM is powered off. */
  | 'vm-off'
  /** Nothing inside answers: not installed, not started yet, restarting, or the guest hangs. */
  | 'silent'
  /** The agent answers but its own settings forbid this command. */
  | 'disabled'
  /** The token lacks a privilege. */
  | 'forbidden'
  /** The agent restarted, or the result was fetched before: it can't be had any more. */
  | 'result-lost'
  /** The way to the node or the API is broken. */
  | 'unreachable';

const TEXTS: readonly (readonly [RegExp, AgentTrouble])[] = [
  [/no qemu guest agent configured/i, 'not-configured'],
  [/guest agent is not running/i, 'silent'],
  [/^(?:.*: )?vm \d+ (?:is )?not running/i, 'vm-off'],
  [/\bPID \S+ does not exist/i, 'result-lost'],
  [
    /has been disabled|command .* (?:is )?not allowed|CommandNotFound|not found.*guest-/i,
    'disabled',
  ],
  [/broken pipe|got timeout|connection reset/i, 'silent'],
];

/** Undefined: another failure, which is no statement about the agent. */
export function agentTrouble(error: unknown): AgentTrouble | undefined {
  if (!(error instanceof PveError)) return undefined;
  const { failure, reason, status } = error.facts;
  if (failure === 'forbidden') return 'forbidden';
  const known = TEXTS.find(([pattern]) => pattern.test(reason));
  if (known !== undefined) return known[1];
  if (status === 596) return 'silent';
  if (['unreachable', 'unanswered', 'node-unreachable'].includes(failure)) return 'unreachable';
  return undefined;
}

/** True for trouble that passes by itself: the agent restarts, a connection was lost. */
export function mayPass(trouble: AgentTrouble | undefined): boolean {
  return trouble === 'silent' || trouble === 'result-lost' || trouble === 'unreachable';
}
