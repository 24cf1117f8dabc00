/** What begins a statement of a Gantt diagram, or a date, when it stands first on a line. */
const STATEMENT =
  /^(?:gantt|dateformat|inclusiveenddates|topaxis|axisformat|tickinterval|includes|excludes|todaymarker|weekday|weekend|title|acctitle|accdescr|section|click|href|call|\d{4}-)/i;

/**
 * A name as the text of a task or section in a Mermaid Gantt diagram. Mermaid knows no escape there: what could
 * end the text, start a statement or become markup is replaced.
 */
export function escapeMermaid(text: string): string {
  const plain = text.replace(/[^\p{L}\p{N} _.,()/+-]/gu, '_').trim();
  return STATEMENT.test(plain) || plain === '' ? `_${plain}` : plain;
}
