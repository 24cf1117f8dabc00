import { type ErrorCode, LineCounter, parseDocument, type YAMLError } from 'yaml';
import { flowTooDeep } from './nesting.ts';
import type { Mistake, Source } from './source.ts';

/** Larger files are refused unread: about 40,000 workers. */
const MAX_FILE_BYTES = 16 * 2 ** 20;
/** More syntax errors than this are consequences of the first ones. */
const MAX_SYNTAX_ERRORS = 5;

export interface ParsedSource {
  readonly source: Source;
  readonly mistakes: readonly Mistake[];
}

/** Parses one file. Its aliases, merges and duplicate keys are looked at by `plainValue`. */
export function parseYaml(file: string, bytes: Uint8Array): ParsedSource {
  const decoded = decode(bytes);
  const empty = emptySource(file);
  if ('problem' in decoded)
    return { source: empty, mistakes: [{ ...decoded.problem, at: [wholeOf(empty)] }] };
  const source = { ...empty, text: decoded.text };
  if (flowTooDeep(decoded.text)) return { source, mistakes: [tooDeep(source)] };
  return parse(source);
}

function parse(source: Source): ParsedSource {
  const document = parseDocument(source.text, {
    version: '1.2',
    schema: 'core',
    // Else "!!timestamp" and the like make values that are none of JSON's.
    resolveKnownTags: false,
    // Merge keys and duplicates are ours: the library's way is quadratic, and tells one place only.
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    // 'silent' would hide a second document.
    logLevel: 'error',
    lineCounter: source.lines,
  });
  const errors = [...document.errors, ...document.warnings];
  const exhausted = errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION');
  const mistakes = exhausted
    ? [tooDeep(source)]
    : errors.slice(0, MAX_SYNTAX_ERRORS).map((error) => syntaxMistake(source, error));
  return { source: { ...source, root: document.contents }, mistakes };
}

function emptySource(file: string): Source {
  return { file, text: '', lines: new LineCounter(), root: null, targets: new WeakMap() };
}

function wholeOf(source: Source) {
  return { source, start: 0, end: 0 };
}

type Decoded = { readonly text: string } | { readonly problem: Omit<Mistake, 'at'> };

function decode(bytes: Uint8Array): Decoded {
  if (bytes.byteLength > MAX_FILE_BYTES)
    return {
      problem: {
        code: 'file-too-large',
        message: `the file has ${bytes.byteLength} bytes, more than ${MAX_FILE_BYTES}`,
        remedy: 'Split it into several files in workers/.',
      },
    };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return {
      problem: {
        code: 'not-utf8',
        message: 'the file is not UTF-8 text',
        remedy: 'Save it as UTF-8.',
      },
    };
  }
}

function tooDeep(source: Source): Mistake {
  return {
    code: 'nested-too-deeply',
    message: 'the file is nested too deeply to be read',
    at: [wholeOf(source)],
    remedy: 'A declaration needs fewer than 20 levels.',
  };
}

/** The library's codes in words; what is not listed keeps the library's own. */
const WORDS: Partial<Record<ErrorCode, readonly [code: string, message: string, remedy?: string]>> =
  {
    TAB_AS_INDENT: ['yaml-syntax', 'a tab indents this line', 'Indent with spaces.'],
    MULTIPLE_DOCS: [
      'several-documents',
      'a second document begins here',
      'Keep one document per file: put what follows "---" into a file of its own.',
    ],
    TAG_RESOLVE_FAILED: [
      'unknown-tag',
      'this tag is unknown',
      'Leave the tag out, or put the value in quotes when the ! belongs to it.',
    ],
    BAD_SCALAR_START: [
      'yaml-syntax',
      "a value can't begin with this character",
      'Put the value in quotes.',
    ],
    BLOCK_AS_IMPLICIT_KEY: [
      'yaml-syntax',
      "a map can't begin on this line",
      'Put the value in quotes when it holds ": ", or begin the map on the next line.',
    ],
    MULTILINE_IMPLICIT_KEY: [
      'yaml-syntax',
      'a key must be on one line',
      'Look for a missing colon, or a wrong indentation, here.',
    ],
    BAD_INDENT: ['yaml-syntax', 'the indentation does not fit the lines above'],
  };

function syntaxMistake(source: Source, error: YAMLError): Mistake {
  const [start, end] = error.pos;
  const [code, message, remedy] = unclosed(error) ??
    WORDS[error.code] ?? ['yaml-syntax', plainWords(error.message)];
  return {
    code,
    message,
    at: [{ source, start, end: Math.max(end, start) }],
    ...(remedy === undefined ? {} : { remedy }),
  };
}

/** The library tells a bracket that nothing closes by several codes, that of a wrong indentation among them. */
function unclosed({ message }: YAMLError): readonly [string, string, string] | undefined {
  const [, kind, bracket] = /^Flow (map|sequence) .*\bend with a ([}\]])/.exec(message) ?? [];
  if (kind === undefined) return undefined;
  const opening = bracket === '}' ? '{' : '[';
  const remedy = 'Close it, or indent what belongs to it further than the key before it.';
  return ['yaml-syntax', `a "${opening}" is not closed by "${bracket}" here`, remedy];
}

function plainWords(message: string): string {
  return `${message.charAt(0).toLowerCase()}${message.slice(1)}`.replace(/\.$/, '');
}
