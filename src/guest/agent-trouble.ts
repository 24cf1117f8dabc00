import { ExecLost, PveError } from '../model/errors.ts';
import { agentFailure, isPidUnknown } from '../model/pve-texts.ts';

/** Why the agent gave no answer, or no usable one. */
export type AgentTrouble =
  /** The VM's config has no agent device. */
  | 'not-configured'
  /** The VM is powered off. */
  | 'vm-off'
  /** Nothing inside answers: not installed, not started yet, restarting, or the guest hangs. */
  | 'silent'
  /** The agent answers, and its own settings forbid this command. */
  | 'disabled'
  /** The token lacks a privilege. */
  | 'forbidden'
  /** The agent restarted, or the result was fetched before: it can't be had any more. */
  | 'result-lost'
  /** The way to the node or the API is broken. */
  | 'unreachable';

const KINDS = {
  'not-configured': 'not-configured',
  'not-running-vm': 'vm-off',
  'not-answering': 'silent',
  forbidden: 'forbidden',
} as const;

/** QEMU's agent says so when its own list of blocked commands names this one. */
const DISABLED = /has been disabled|command .* (?:is )?not allowed|CommandNotFound/i;
const BROKEN = new Set(['unreachable', 'unanswered', 'node-unreachable']);

/** Undefined: another failure, which is no statement about the agent. */
export function agentTrouble(error: unknown): AgentTrouble | undefined {
  if (error instanceof ExecLost || isPidUnknown(error)) return 'result-lost';
  if (!(error instanceof PveError)) return undefined;
  const known = agentFailure(error);
  if (known !== undefined) return KINDS[known];
  const { failure, reason, status } = error.facts;
  if (DISABLED.test(reason)) return 'disabled';
  // Also for a program that is missing; every guest has `sh`, so it means that the agent went away.
  if (status === 596) return 'silent';
  return BROKEN.has(failure) ? 'unreachable' : undefined;
}

/** True for trouble that passes by itself: the agent restarts, a connection was lost. */
export function mayPass(trouble: AgentTrouble | undefined): boolean {
  return trouble === 'silent' || trouble === 'result-lost' || trouble === 'unreachable';
}
