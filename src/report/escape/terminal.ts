/**
 * What must not reach a terminal as it is: control characters (C0, DEL, C1: ANSI sequences start with one),
 * line and paragraph separators, bidirectional controls, invisible characters, interlinear and tag characters, lone surrogates.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]|\p{Cs}/gu;

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One line of text that shows what is there and does nothing: `\n`, `\x1b`, `\u{202e}`. */
export function escapeTerminal(text: string): string {
  return text.replace(UNSAFE, (character) => SHORT[character] ?? codeOf(character));
}

/** Several lines: real line ends stay, tabs become spaces, the rest is escaped. */
export function escapeLines(text: string): readonly string[] {
  return text.split(/\r\n|\n|\r/).map((line) => escapeTerminal(line.replaceAll('\t', '  ')));
}

function codeOf(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length <= 2 ? `\\x${hex.padStart(2, '0')}` : `\\u{${hex}}`;
}
