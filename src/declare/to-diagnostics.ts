import type { Diagnostic, Label } from '../model/diagnostic.ts';
import { byCodeUnit } from '../model/json.ts';
import { type Locator, locationOf } from './locator.ts';
import type { Mistake, Place, Spot } from './source.ts';

/** More than these help nobody; the rest is counted. */
const MAX_DIAGNOSTICS = 200;
const MAX_FRAME_COLUMNS = 400;

/** Looks places up, drops repetitions (an alias repeats its mistakes), sorts by file, line and column. */
export function toDiagnostics(
  mistakes: readonly Mistake[],
  locator: Locator,
): readonly Diagnostic[] {
  const byText = new Map<string, Diagnostic>();
  for (const mistake of mistakes) {
    const diagnostic = toDiagnostic(mistake, locator);
    const { message, labels } = diagnostic;
    const places = labels.map(({ file, line, column }) => `${file}:${line}:${column}`);
    byText.set(
      places.length === 0 ? message : `${diagnostic.code} ${places.join(' ')} ${ownWords(mistake)}`,
      diagnostic,
    );
  }
  const sorted = [...byText.values()].sort(byPlace);
  return sorted.length <= MAX_DIAGNOSTICS
    ? sorted
    : [...sorted.slice(0, MAX_DIAGNOSTICS), moreMistakes(sorted)];
}

/** What tells mistakes at one place apart: not the path, which differs for each use of an anchor. */
function ownWords({ remedy, at }: Mistake): string {
  return [remedy ?? '', ...at.map(({ text }) => text ?? '')].join('|');
}

function toDiagnostic(mistake: Mistake, locator: Locator): Diagnostic {
  const { severity = 'error', code, message, at, detail, remedy } = mistake;
  return {
    severity,
    code,
    message,
    labels: at.map((place) => toLabel(isSpot(place) ? place : locator.spot(place))),
    ...(detail === undefined ? {} : { detail }),
    ...(remedy === undefined ? {} : { remedy }),
  };
}

function isSpot(place: Spot | Place): place is Spot {
  return 'source' in place;
}

function toLabel(spot: Spot): Label {
  const { text } = spot;
  const location = locationOf(spot);
  const frame = frameOf(spot, location.line);
  return {
    ...location,
    ...(text === undefined ? {} : { text }),
    ...(frame.length === 0 ? {} : { frame }),
  };
}

/** The line and its neighbours; nothing for an empty file. */
function frameOf({ source }: Spot, line: number): readonly (readonly [number, string])[] {
  const { text, lines } = source;
  if (text === '') return [];
  return [line - 1, line, line + 1]
    .filter((number) => number >= 1 && number <= lines.lineStarts.length)
    .map((number): readonly [number, string] => {
      const start = lines.lineStarts[number - 1] ?? 0;
      const end = lines.lineStarts[number] ?? text.length + 1;
      const content = text.slice(start, Math.min(end, start + MAX_FRAME_COLUMNS + 1));
      return [number, content.replace(/\r?\n$/, '').slice(0, MAX_FRAME_COLUMNS)];
    })
    .filter(([number, content]) => number === line || content.trim() !== '');
}

function byPlace(a: Diagnostic, b: Diagnostic): number {
  const [first, second] = [a.labels[0], b.labels[0]];
  if (first === undefined || second === undefined)
    return Number(first !== undefined) - Number(second !== undefined);
  return (
    byCodeUnit(first.file, second.file) ||
    first.line - second.line ||
    first.column - second.column ||
    byCodeUnit(a.message, b.message)
  );
}

function moreMistakes(all: readonly Diagnostic[]): Diagnostic {
  const errors = all.slice(MAX_DIAGNOSTICS).some(({ severity }) => severity === 'error');
  return {
    severity: errors ? 'error' : 'warning',
    code: 'more-mistakes',
    message: `${all.length - MAX_DIAGNOSTICS} more mistakes are not shown`,
    labels: [],
    remedy: 'Mend these first.',
  };
}
