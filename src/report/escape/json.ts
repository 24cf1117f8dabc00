const UNSAFE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** JSON on one line; characters that would act on a terminal are written as \uXXXX, which means the same. */
export function jsonLine(value: unknown): string {
  return safe(JSON.stringify(value));
}

/** JSON over several lines, for people who look at it. */
export function jsonDocument(value: unknown): string {
  return `${safe(JSON.stringify(value, null, 2))}\n`;
}

function safe(json: string): string {
  return json.replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
