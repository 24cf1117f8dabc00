/** Longest field that is kept from a guest's answer. */
const MAX_FIELD = 500;
const MAX_LINES = 10_000;

/**
 * Lines of tab-separated fields, as our scripts print them. Guests print what they like, so control
 * characters are dropped and everything is bounded; unknown lines are for the caller to ignore.
 */
export function outputLines(text: string): readonly (readonly string[])[] {
  return text
    .slice(0, 4_000_000)
    .split('\n', MAX_LINES)
    .filter((line) => line !== '')
    .map((line) => line.split('\t').map(cleanField));
}

/** One field without control characters, at most 500 characters long. */
export function cleanField(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '').slice(0, MAX_FIELD);
}

/** A whole number from 0 up to 2^53, or undefined. */
export function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
