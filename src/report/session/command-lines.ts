import { MAX_COLUMNS, padEnd, widthOf } from '../layout.ts';

/** "Next     COMMAND    what it does", one line each; a command that is too long stands alone. */
export function commandLines(commands: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(0, ...commands.map(([command]) => widthOf(command)));
  return commands.map(([command, what], index) => {
    const head = padEnd(index === 0 ? 'Next' : '', 9);
    const line = `${head}${padEnd(command, width)}    ${what}`.trimEnd();
    return widthOf(line) <= MAX_COLUMNS ? line : `${head}${command}`;
  });
}
