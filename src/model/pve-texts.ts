import { PveError, TaskFailed, type TaskFailure } from './errors.ts';

/**
 * What Proxmox' words mean. The API tells most failures apart only by text, so the texts are known here and
 * nowhere else; each was seen in answers of a real cluster. All functions take anything that was thrown.
 */

/** The longest that one request may take, ms: reads, and writes or agent calls. What fencing has to wait out. */
export const READ_DEADLINE_MS = 20_000;
export const WRITE_DEADLINE_MS = 60_000;

/** At most this many bytes of standard input per `agent.exec`: the API takes 65,536 characters. */
export const MAX_EXEC_INPUT = 65_536;
/** At most this many bytes per `agent.writeFile`: the API takes 61,440 characters, which are base64. */
export const MAX_FILE_WRITE = 46_080;

export type AgentFailure = 'not-configured' | 'not-running-vm' | 'not-answering' | 'forbidden';

/** A config write, resize or move whose digest was of an older config. */
export function isDigestConflict(error: unknown): boolean {
  return /checksum mismatch \(file change by other user|detected modified configuration - file changed by other/.test(
    wordsOf(error),
  );
}

/**
 * The VM's config file does not exist on that node: gone, never there, or moved elsewhere. A 403 may mean the
 * same for a token without rights; only `idIsFree` tells.
 */
export function isVmMissing(error: unknown): boolean {
  return /Configuration file '[^']*\/\d+\.conf' does not exist|unable to find configuration file for VM /i.test(
    wordsOf(error),
  );
}

const LOCKED = /\bVM is locked \(([\w-]+)\)/;

/** The lock's name (`backup`, `clone`, `snapshot` …) when a config lock is what refused the request or task. */
export function isVmLocked(error: unknown): string | undefined {
  return LOCKED.exec(wordsOf(error))?.[1];
}

/** The id that a clone or create asked for is taken. */
export function isVmidTaken(error: unknown): boolean {
  return /config file already exists|VM \d+ already exists|\.conf' failed: File exists/.test(
    wordsOf(error),
  );
}

/** The node behind the one that was asked gives no answer, or its name can't be resolved. */
export function isNodeUnreachable(error: unknown): boolean {
  if (!(error instanceof PveError)) return false;
  return (
    error.facts.failure === 'node-unreachable' ||
    /^(?:address|hostname) lookup (?:for )?'/.test(error.facts.reason)
  );
}

/** Why a guest agent call failed; undefined when it was something else. */
export function agentFailure(error: unknown): AgentFailure | undefined {
  if (!(error instanceof PveError) || !error.facts.request.includes('/agent/')) return undefined;
  const { failure, reason } = error.facts;
  if (failure === 'forbidden') return 'forbidden';
  if (/No QEMU guest agent configured/i.test(reason)) return 'not-configured';
  if (/\bVM \d+ (?:is )?not running/i.test(reason)) return 'not-running-vm';
  if (
    /QEMU guest agent is not running|guest-[\w-]+' failed - .*(?:timeout|not connect)/i.test(reason)
  )
    return 'not-answering';
  return undefined;
}

/** 596 to an exec is how Proxmox says that the program does not exist in the guest (after 5 s, without a body). */
export function isMissingProgram(error: unknown): boolean {
  if (!(error instanceof PveError)) return false;
  return error.facts.status === 596 && error.facts.request.endsWith('/agent/exec');
}

/** The agent knows no such process: its exit status was read before (it can be read once), or it was restarted. */
export function isPidUnknown(error: unknown): boolean {
  return /Agent error: PID .* does not exist/i.test(wordsOf(error));
}

/** Proxmox keeps no such task (any more): its node lost or rotated the record. */
export function isTaskUnknown(error: unknown): boolean {
  return error instanceof PveError && /no such task/.test(error.facts.errors?.upid ?? '');
}

/** What a task's exit status means. `WARNINGS: n` is success with warnings; a lock time-out is worth another try. */
export function classifyExit(text: string): TaskFailure | 'ok' | 'warnings' {
  const trimmed = text.trim();
  if (trimmed === 'OK') return 'ok';
  if (/^WARNINGS: \d+$/.test(trimmed)) return 'warnings';
  if (isLockTimeout(trimmed)) return 'lock-timeout';
  if (LOCKED.test(trimmed)) return 'locked';
  if (/interrupted by signal|^unexpected status$|received interrupt/i.test(trimmed))
    return 'interrupted';
  return 'failed';
}

/** How many warnings an exit status of `WARNINGS: n` counts; 0 for anything else. */
export function warningsOf(exitText: string): number {
  return Number(/^WARNINGS: (\d{1,9})$/.exec(exitText.trim())?.[1] ?? 0);
}

/** A lock of a config file, a storage or the cluster's file system was not had in time; worth another try. */
function isLockTimeout(text: string): boolean {
  // A guest that ignores its shutdown ends in "got timeout" as well: that is no lock.
  if (/quit\/powerdown failed/.test(text)) return false;
  return /can't (?:lock|aquire|acquire) .*got timeout|got lock (?:request )?timeout|cfs[- ]lock '[^']*'.*(?:timeout|timed out)/i.test(
    text,
  );
}

function wordsOf(error: unknown): string {
  if (error instanceof TaskFailed) return error.exitText;
  if (!(error instanceof PveError)) return '';
  return [error.facts.reason, ...Object.values(error.facts.errors ?? {})].join('\n');
}
