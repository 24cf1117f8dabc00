import type { ProcessFacts } from './process-facts.ts';

/** Written into a lock while it is held, so that those who wait can be told for whom. */
export interface LockHolder extends ProcessFacts {
  /** Id of the run, or the command. */
  readonly run: string;
  /** ISO 8601, by the holder's clock. */
  readonly since: string;
}

export function formatHolder(holder: LockHolder): string {
  return `${JSON.stringify(holder)}\n`;
}

/** Never throws: the text may be empty (nobody), cut off, or a stranger's. */
export function parseHolder(text: string): LockHolder | undefined {
  try {
    const found: unknown = JSON.parse(text);
    return isHolder(found) ? found : undefined;
  } catch {
    return undefined;
  }
}

/** For people: who, where, since when, and the job's page. */
export function describeHolder(holder: LockHolder | undefined): string {
  if (holder === undefined) return 'a process that did not say who it is';
  const job = holder.jobUrl === undefined ? '' : `, ${holder.jobUrl}`;
  return `${holder.who}: ${holder.run}, pid ${holder.pid} on ${holder.host}, since ${holder.since}${job}`;
}

function isHolder(value: unknown): value is LockHolder {
  if (typeof value !== 'object' || value === null) return false;
  const { run, who, host, pid, since, jobUrl, pidProof } = value as Record<string, unknown>;
  const texts = [run, who, host, since].every((text) => typeof text === 'string');
  const hasJob = jobUrl === undefined || typeof jobUrl === 'string';
  return texts && hasJob && typeof pid === 'number' && isProof(pidProof);
}

function isProof(value: unknown): boolean {
  if (value === undefined) return true;
  if (typeof value !== 'object' || value === null) return false;
  const { startTime, bootId, pidNamespace } = value as Record<string, unknown>;
  return [startTime, bootId, pidNamespace].every((text) => typeof text === 'string');
}
