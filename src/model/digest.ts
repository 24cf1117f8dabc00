import { createHash } from 'node:crypto';
import { canonicalJson } from './json.ts';

/** SHA-256 of the text (UTF-8) or bytes, as 64 lower-case hex digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** SHA-256 of a value's canonical JSON: equal values, equal digests. */
export function digestOf(value: unknown): string {
  return sha256(canonicalJson(value));
}
