import type { RunEvent } from '../../model/event.ts';

/** What was last told about each worker, by worker. */
export type Told = Readonly<Record<string, { readonly reason: string; readonly at: number }>>;

const REPEAT_AFTER = 30_000;

/**
 * For pipes and logs: a wait is told when its reason is new, and then at most every 30 s. Everything that is no
 * wait is always told.
 */
export function tellOrNot(
  event: RunEvent,
  told: Told,
): { readonly tell: boolean; readonly told: Told } {
  if (event.kind !== 'progress' || event.waitingFor === undefined) return { tell: true, told };
  const last = told[event.worker];
  const reason = `${event.step} ${event.waitingFor}`;
  if (last?.reason === reason && event.at - last.at < REPEAT_AFTER) return { tell: false, told };
  return { tell: true, told: { ...told, [event.worker]: { reason, at: event.at } } };
}
