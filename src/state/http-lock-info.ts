import { VERSION } from '../version.ts';
import type { HttpAnswer } from './http-exchange.ts';
import { formatHolder, type LockHolder, parseHolder } from './lock-holder.ts';

/** A lock as Terraform's HTTP protocol describes it; servers keep it and show it to those who wait. */
export interface LockInfo {
  readonly ID: string;
  readonly Operation: string;
  readonly Info: string;
  readonly Who: string;
  readonly Version: string;
  readonly Created: string;
  readonly Path: string;
}

/** In the id, because some servers tell nothing but the id. */
const OURS = 'muster-';

/** `uuid`: drawn for this lock alone. `holder.run` is the command. */
export function lockInfoOf(uuid: string, holder: LockHolder, path: string): LockInfo {
  return {
    ID: `${OURS}${uuid}`,
    Operation: holder.run,
    Info: formatHolder(holder).trim(),
    Who: holder.who,
    Version: VERSION,
    Created: holder.since,
    Path: path,
  };
}

/** True for a lock that some Muster took: it guards one write, and is never meant to last. */
export function isOurKind(id: string): boolean {
  return id.startsWith(OURS);
}

/** The holder in the answer to a refused lock; undefined when the server doesn't tell. */
export function lockInfoIn({ body }: HttpAnswer): LockInfo | undefined {
  try {
    const found: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (typeof found !== 'object' || found === null) return undefined;
    const fields = found as Record<string, unknown>;
    const text = (key: keyof LockInfo): string => {
      const value = fields[key];
      return typeof value === 'string' ? value : '';
    };
    if (text('ID') === '') return undefined;
    return {
      ID: text('ID'),
      Operation: text('Operation'),
      Info: text('Info'),
      Who: text('Who'),
      Version: text('Version'),
      Created: text('Created'),
      Path: text('Path'),
    };
  } catch {
    return undefined;
  }
}

/** For people: who, what, since when, the CI job, and the id to break it by. */
export function describeLock(lock: LockInfo | undefined): string {
  if (lock === undefined) return 'somebody (the server does not say who)';
  const jobUrl = parseHolder(lock.Info)?.jobUrl;
  const parts = [
    lock.Who === '' ? 'somebody' : lock.Who,
    ...(lock.Operation === '' ? [] : [lock.Operation]),
    ...(lock.Created === '' ? [] : [`since ${lock.Created}`]),
    ...(jobUrl === undefined ? [] : [jobUrl]),
    `lock ${lock.ID}`,
  ];
  return parts.join(', ');
}
