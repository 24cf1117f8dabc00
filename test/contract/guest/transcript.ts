import type { Answer } from './guest-world.ts';

/** Fields of each line, with what may differ from run to run put aside: durations become `MS`. */
export function fieldsOf(answer: Answer): readonly (readonly string[])[] {
  return answer.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const fields = line.split('\t');
      if (fields[0] === 'check' && fields.length === 6) fields[3] = 'MS';
      if (fields[0] === 'status' && fields[4] !== '0') fields[4] = 'MS';
      return fields;
    });
}

/** The text behind a line's hexadecimal digits. */
export function textOf(answer: Answer, kind: 'output' | 'tail' | 'result'): string {
  const line = answer.stdout.split('\n').find((text) => text.startsWith(`${kind}\t`)) ?? '';
  return Buffer.from(line.slice(kind.length + 1), 'hex').toString('utf8');
}

export function lines(text: string): readonly (readonly string[])[] {
  return text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' | '));
}
