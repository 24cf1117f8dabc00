import type { Diagnostic, Label } from '../model/diagnostic.ts';
import { escapeTerminal } from './escape/terminal.ts';
import { clip, indented, widthOf } from './layout.ts';
import { type Paint, PLAIN } from './paint.ts';
import { count } from './words.ts';

const GUTTER = 5;
/** Columns left for a line of source behind "    5 | ". */
const SOURCE_COLUMNS = 100 - GUTTER - 3;

/** One diagnostic with its code frames. Ends with an empty line. */
export function diagnosticText(diagnostic: Diagnostic, paint: Paint = PLAIN): readonly string[] {
  const { severity, message, labels, detail = [], remedy } = diagnostic;
  const word = severity === 'error' ? paint.red('Error:') : paint.yellow('Warning:');
  const [first = '', ...rest] = indented(
    `${severity === 'error' ? 'Error:' : 'Warning:'} ${escapeTerminal(message)}`,
    0,
  );
  const heading = first.replace(/^(Error|Warning):/, () => paint.bold(word));
  const frames = labels.flatMap((label) => labelLines(label, paint));
  return [
    heading,
    ...rest.map((line) => `  ${line}`),
    '',
    ...(frames.length === 0 ? [] : [...frames, '']),
    ...(detail.length === 0 ? [] : [...detail.flatMap(detailLines), '']),
    ...(remedy === undefined ? [] : [...indented(escapeTerminal(remedy), 2), '']),
  ];
}

/** All diagnostics and a closing line: "2 errors in 1 file. …". `consequence` says what that means for the world. */
export function diagnosticsText(
  diagnostics: readonly Diagnostic[],
  consequence: string,
  paint: Paint = PLAIN,
): readonly string[] {
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  const warnings = diagnostics.length - errors;
  const files = new Set(diagnostics.flatMap(({ labels }) => labels.map(({ file }) => file))).size;
  const counts = [
    ...(errors > 0 ? [count(errors, 'error')] : []),
    ...(warnings > 0 ? [count(warnings, 'warning')] : []),
  ].join(', ');
  const where = files === 0 ? '' : ` in ${count(files, 'file')}`;
  return [
    ...diagnostics.flatMap((diagnostic) => diagnosticText(diagnostic, paint)),
    ...(diagnostics.length > 1 || files > 0
      ? [`${counts}${where}. ${consequence}`.trim()]
      : consequence === ''
        ? []
        : [consequence]),
  ];
}

/** Lines that begin with spaces are meant for pasting: they are never wrapped. */
function detailLines(line: string): readonly string[] {
  const text = escapeTerminal(line);
  return text === '' ? [''] : text.startsWith('  ') ? [`  ${text}`] : indented(text, 2);
}

function labelLines(label: Label, paint: Paint): readonly string[] {
  const place = `  ${escapeTerminal(label.file)}:${label.line}:${label.column}`;
  if (label.frame === undefined || label.frame.length === 0) {
    return [label.text === undefined ? place : `${place}  ${escapeTerminal(label.text)}`];
  }
  const frame = label.frame.flatMap(([number, source]) => {
    const window = number === label.line ? markerWindow(source, label) : undefined;
    const line = `${String(number).padStart(GUTTER)} | ${window?.source ?? clip(visible(source), SOURCE_COLUMNS)}`;
    if (window === undefined) return [line.trimEnd()];
    const note = label.text === undefined ? '' : ` ${escapeTerminal(label.text)}`;
    const marker = `${' '.repeat(GUTTER)} | ${' '.repeat(window.offset)}`;
    return [line.trimEnd(), `${marker}${paint.red('^'.repeat(window.length))}${note}`];
  });
  return [place, ...frame];
}

/** The part of a long line that shows its marker, and where the marker goes. */
function markerWindow(source: string, label: Label) {
  const start = label.column - 1;
  const sameLine = label.endLine === undefined || label.endLine === label.line;
  const end = sameLine && label.endColumn !== undefined ? label.endColumn - 1 : source.length;
  const before = visible(source.slice(0, start));
  const marked = visible(source.slice(start, Math.max(end, start + 1)));
  const after = visible(source.slice(Math.max(end, start + 1)));
  const length = Math.min(Math.max(1, widthOf(marked.trimEnd())), SOURCE_COLUMNS - 10);
  const room = Math.max(0, SOURCE_COLUMNS - length - 10);
  const lead = widthOf(before) <= room ? before : `...${before.slice(-(room - 3))}`;
  return {
    source: clip(`${lead}${marked}${after}`, SOURCE_COLUMNS),
    offset: widthOf(lead),
    length,
  };
}

function visible(source: string): string {
  return escapeTerminal(source.replaceAll('\t', '  '));
}
