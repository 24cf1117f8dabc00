/** Sizes are bytes and durations are milliseconds inside Muster; both are whole numbers. */

const SIZE_UNITS: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1e3,
  m: 60e3,
  h: 3600e3,
  d: 86400e3,
};

export const MiB = 2 ** 20;
export const GiB = 2 ** 30;

/** Bytes of "6GiB", "100 GB", "512MiB"; undefined when it is not a size. A bare number has no unit and is refused. */
export function parseSize(text: string): number | undefined {
  return parseQuantity(text, SIZE_UNITS);
}

/** Milliseconds of "90s", "4h", "1h30m", "500ms"; undefined when it is not a duration. */
export function parseDuration(text: string): number | undefined {
  const parts = text.match(/\d+(?:\.\d+)?\s*(?:ms|[smhd])/g);
  if (parts === null || parts.join('').replace(/\s/g, '') !== text.replace(/\s/g, ''))
    return undefined;
  const values = parts.map((part) => parseQuantity(part, DURATION_UNITS) ?? Number.NaN);
  const sum = values.reduce((all, value) => all + value, 0);
  return Number.isSafeInteger(sum) ? sum : undefined;
}

/** A size as people write it: "6144 MiB" is "6GiB", "100GB" stays decimal. Undefined when it is not a size. */
export function canonicalSize(text: string): string | undefined {
  const bytes = parseSize(text);
  if (bytes === undefined || bytes === 0) return undefined;
  const units = /[kKMGT]B/.test(text) ? ['TB', 'GB', 'MB', 'kB'] : ['TiB', 'GiB', 'MiB', 'KiB'];
  return inLargest(bytes, [...units, 'B'], SIZE_UNITS);
}

/**
 * A duration as people write it: "60m" is "1h", "90s" and "24h" stay, "89m60s" is "1h30m". Days are for whole days
 * that were written so. Undefined when it is not a duration.
 */
export function canonicalDuration(text: string): string | undefined {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) return undefined;
  const units = [...(/d/.test(text) ? ['d'] : []), 'h', 'm', 's', 'ms'];
  if (/^[\d.\s]+[a-z]+\s*$/.test(text)) return inLargest(ms, units, DURATION_UNITS);
  let [rest, result] = [ms, ''];
  for (const unit of units) {
    const count = Math.floor(rest / (DURATION_UNITS[unit] ?? 1));
    rest -= count * (DURATION_UNITS[unit] ?? 1);
    if (count > 0) result += `${count}${unit}`;
  }
  return result;
}

/** A whole number of the first unit that allows one. */
function inLargest(
  value: number,
  units: readonly string[],
  factors: Readonly<Record<string, number>>,
): string | undefined {
  const unit = units.find((name) => value % (factors[name] ?? 1) === 0);
  return unit === undefined ? undefined : `${value / (factors[unit] ?? 1)}${unit}`;
}

/** "6 GiB", "1.5 GiB", "700 B": the largest binary unit that keeps at most one decimal. */
export function formatSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    const value = bytes / (SIZE_UNITS[unit] ?? 1);
    if (value >= 1) return `${Number(value.toFixed(1))} ${unit}`;
  }
  return `${bytes} B`;
}

/** "24 s", "1 m 35 s", "2 h 5 m", "30 m": at most two units. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return ms < 1000 ? `${Math.round(ms)} ms` : `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return joinUnits(minutes, 'm', seconds % 60, 's');
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return joinUnits(hours, 'h', minutes % 60, 'm');
  return joinUnits(Math.floor(hours / 24), 'd', hours % 24, 'h');
}

function joinUnits(large: number, unit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${smallUnit}`;
}

function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim());
  const factor = match?.[2] === undefined ? undefined : units[match[2]];
  if (match === null || factor === undefined) return undefined;
  const value = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(value) ? value : undefined;
}
