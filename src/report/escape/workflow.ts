/**
 * GitHub's runner reads commands out of what a step prints: `::name::` at the start of a line, `##[name]` anywhere.
 * Text from YAML, Proxmox or a guest must not become one.
 */

const INVISIBLE = '\u200b';

/** A part of the output with every such command made inert; JSON keeps its meaning. */
export function withoutCommands(output: string): string {
  if (/^\s*[{[]/.test(output)) return output.replaceAll('##[', '#\\u0023[');
  return output
    .replaceAll('##[', `#${INVISIBLE}#[`)
    .replace(/^([ \t]*):(?=:)/gm, `$1:${INVISIBLE}`);
}

/** For the message of a command. */
export function commandText(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

/** For a property of a command. */
export function commandProperty(text: string): string {
  return commandText(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
