import type { Json } from '../json.ts';
import type { Cost } from '../plan.ts';
import type { Attribute } from './attribute.ts';
import { CLOUD_INIT_ROWS } from './rows-cloud-init.ts';
import { DISK_ROWS, DRIVES_ROW } from './rows-disk.ts';
import { IDENTITY_ROWS, PLACE_ROWS, PROFILE_ROWS, SIZE_ROWS } from './rows-machine.ts';
import { DNS_ROWS, NETWORK_ROWS } from './rows-network.ts';
import { OPTION_ROWS, optionFallback } from './rows-options.ts';
import { RECORD_ROWS } from './rows-record.ts';

/** Every worker field. The order is the one in which changes are shown and written. */
export const ATTRIBUTES: readonly Attribute[] = [
  ...PLACE_ROWS,
  ...IDENTITY_ROWS,
  ...SIZE_ROWS,
  ...DISK_ROWS,
  DRIVES_ROW,
  ...NETWORK_ROWS,
  ...DNS_ROWS,
  ...CLOUD_INIT_ROWS,
  ...PROFILE_ROWS,
  ...OPTION_ROWS,
  ...RECORD_ROWS,
];

const RANKS: ReadonlyMap<string, number> = new Map(ATTRIBUTES.map((row, rank) => [row.path, rank]));

/** Position of a concrete path's row; -1 when it has none. Looked up, not searched: it is asked for every path. */
export function rankOf(path: string): number {
  const pattern = path.replace(/\[\d+\]/, '[]');
  const dot = path.indexOf('.');
  return RANKS.get(pattern) ?? (dot < 0 ? -1 : (RANKS.get(`${path.slice(0, dot)}.*`) ?? -1));
}

/** The row that a concrete path belongs to. */
export function rowOf(path: string): Attribute | undefined {
  return ATTRIBUTES[rankOf(path)];
}

/** What a change of this path costs; paths without a row (`image`) mean a new VM. */
export function costOf(path: string, before: Json, after: Json): Cost {
  const cost = rowOf(path)?.cost ?? 'rebuild';
  return typeof cost === 'string' ? cost : cost(before, after);
}

/** What an unset path reads as. */
export function fallbackOf(path: string): Json {
  return path.startsWith('options.') ? optionFallback(path) : (rowOf(path)?.fallback ?? null);
}
