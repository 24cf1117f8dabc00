import { MAX_COLUMNS, padEnd, widthOf } from '../layout.ts';
import { shellWord } from '../words.ts';

/** "Next     COMMAND    what it does", one line each; a command that is too long stands alone. */
export function commandLines(commands: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(0, ...commands.map(([command]) => widthOf(command)));
  return commands.map(([command, what], index) => {
    const head = padEnd(index === 0 ? 'Next' : '', 9);
    const line = `${head}${padEnd(command, width)}    ${what}`.trimEnd();
    return widthOf(line) <= MAX_COLUMNS ? line : `${head}${command}`;
  });
}

/** Runs a session only if it is the one that was reviewed. */
export function exactCommand(session: string, program: string, reviewDigest: string): string {
  return `${program} apply --with-session ${shellWord(session)} --expect-digest ${reviewDigest.slice(0, 16)}`;
}
