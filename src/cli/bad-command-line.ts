import type { CommanderError } from 'commander';
import { type Diagnostic, problem } from '../model/diagnostic.ts';

/** The parser's complaint in our words: `error: unknown option '--traget'`, and what it takes to be meant. */
export function badCommandLine({ message }: CommanderError): Diagnostic {
  const [first = '', ...more] = message.replace(/^error: /, '').split('\n');
  const [, meant] = /^\(Did you mean (.*)\?\)$/s.exec(more.join('\n')) ?? [];
  return problem(
    'bad-command-line',
    first.replaceAll("'", '"').replace(/\.$/, ''),
    meant === undefined
      ? 'muster help lists the commands, muster help COMMAND the flags of one.'
      : `Did you mean "${meant}"?`,
  );
}
