import type { Clock } from '../model/ports.ts';

/** The cluster's time as told by the `Date` header, which every answer of Proxmox' carries. */
export interface ClusterTime {
  note(dateHeader: string | undefined): void;
  /** Whole ms since the epoch; undefined before the first answer. */
  now(): number | undefined;
}

/** The header counts whole seconds, so a newer one may seem to be this much behind without the time stepping back. */
const ROUNDING_MS = 2_000;

export function createClusterTime(clock: Clock): ClusterTime {
  let known: { readonly time: number; readonly at: number } | undefined;
  const now = (): number | undefined =>
    known === undefined ? undefined : Math.round(known.time + (clock.monotonic() - known.at));
  return {
    now,
    note: (dateHeader) => {
      const time = Date.parse(dateHeader ?? '');
      const estimate = now();
      if (Number.isNaN(time)) return;
      if (estimate !== undefined && time < estimate && time > estimate - ROUNDING_MS) return;
      known = { time, at: clock.monotonic() };
    },
  };
}
