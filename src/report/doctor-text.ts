import { escapeTerminal } from './escape/terminal.ts';
import { MAX_COLUMNS, padEnd, wrap } from './layout.ts';
import type { Paint } from './paint.ts';
import { count } from './words.ts';

export interface DoctorLine {
  /** endpoint, tls, token, version, quorum, privileges, clock, state. */
  readonly check: string;
  readonly result: 'ok' | 'warn' | 'fail' | 'skip';
  readonly seen: string;
  /** How to mend it; a line that begins with two spaces is for pasting. */
  readonly remedy?: readonly string[];
}

const WORDS = { ok: 'ok', warn: 'warn', fail: 'FAIL', skip: 'skip' } as const;

/** One line per check, each that isn't ok followed by how to mend it. */
export function doctorText(lines: readonly DoctorLine[], paint: Paint): string {
  const width = Math.max(0, ...lines.map(({ check }) => check.length));
  const text = lines.flatMap((line) => {
    const head = `${padEnd(WORDS[line.result], 4)}  ${padEnd(line.check, width)}  `;
    const room = MAX_COLUMNS - head.length;
    const [first = '', ...more] = wrap(escapeTerminal(line.seen), room);
    const indent = ' '.repeat(head.length);
    return [
      colour(line.result, paint)(`${head}${first}`),
      ...more.map((each) => indent + each),
      ...(line.remedy ?? []).flatMap((each) => remedyLines(escapeTerminal(each), indent, room)),
    ];
  });
  const failed = lines.filter(({ result }) => result === 'fail').length;
  const warned = lines.filter(({ result }) => result === 'warn').length;
  const closing =
    failed + warned === 0
      ? 'All is well.'
      : `${count(failed, 'problem')}, ${count(warned, 'warning')}.`;
  return `${[...text, '', closing].map((line) => line.trimEnd()).join('\n')}\n`;
}

function remedyLines(line: string, indent: string, room: number): readonly string[] {
  if (line.startsWith('  ')) return [indent + line];
  return wrap(line, room).map((each) => indent + each);
}

function colour(result: DoctorLine['result'], paint: Paint): (text: string) => string {
  if (result === 'fail') return paint.red;
  return result === 'warn' ? paint.yellow : (text) => text;
}
