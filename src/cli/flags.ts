import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { parseDuration } from '../model/quantity.ts';
import type { Flags } from './invocation.ts';

/** Typed reads of parsed flags. A value that makes no sense is a DiagnosticsError that names the flag. */

export function isSet(flags: Flags, name: string): boolean {
  return flags[name] === true;
}

export function textOf(flags: Flags, name: string): string | undefined {
  const value = flags[name];
  return typeof value === 'string' ? value : undefined;
}

export function listOf(flags: Flags, name: string): readonly string[] {
  const value = flags[name];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

/** `--refresh=false`: true unless it says false. */
export function boolOf(flags: Flags, name: string): boolean {
  const text = textOf(flags, name);
  if (text === undefined || text === 'true') return true;
  if (text === 'false') return false;
  throw wrong(name, text, 'true or false');
}

export function durationOf(flags: Flags, name: string): number | undefined {
  const text = textOf(flags, name);
  if (text === undefined) return undefined;
  const ms = parseDuration(text);
  if (ms === undefined) throw wrong(name, text, 'a duration such as 90s, 30m or 4h');
  return ms;
}

export function integerOf(
  flags: Flags,
  name: string,
  range: { readonly from: number; readonly to: number },
): number | undefined {
  const text = textOf(flags, name);
  if (text === undefined) return undefined;
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= range.from && value <= range.to))
    throw wrong(name, text, `a whole number from ${range.from} to ${range.to}`);
  return value;
}

export function choiceOf<T extends string>(
  flags: Flags,
  name: string,
  choices: readonly T[],
): T | undefined {
  const text = textOf(flags, name);
  if (text === undefined) return undefined;
  const found = choices.find((choice) => choice === text);
  if (found === undefined) throw wrong(name, text, `one of ${choices.join(', ')}`);
  return found;
}

function wrong(name: string, text: string, expected: string): DiagnosticsError {
  const message = `--${name}: "${text}" is not ${expected}`;
  return new DiagnosticsError([problem('bad-flag', message, `Give it as --${name}=VALUE.`)]);
}
