import { validateState } from '../generated/validate-state.js';
import { byCodeUnit, sortedKeys } from '../model/json.ts';
import { type Migrations, migrate, type OlderFormat } from '../model/migrations.ts';
import { pathOfPointer, type SchemaError } from '../model/schema-error.ts';
import type { State, WorkerRecord } from '../model/state.ts';
import { vmidHolders } from '../model/transitions.ts';

/** The newest format of the state that this Muster knows. */
const FORMAT = 1;

/** From the first format on; there has been only one. */
const MIGRATIONS: Migrations = {};

/** Deeper than any real one; what walks the state recursively must not be brought down by it. */
const DEEPEST = 100;

export type ParsedState =
  | {
      readonly kind: 'state';
      readonly state: State;
      /** What it was made from, when that is of an older format. */
      readonly older?: OlderFormat | undefined;
    }
  /** Nothing but white space: a crash or a full disk cut it to nothing. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'newer'; readonly format: number; readonly needs: string | undefined }
  /** Older than any that this Muster can bring forward. */
  | { readonly kind: 'older'; readonly format: number }
  /** A state of Terraform's or OpenTofu's, which speak to the same servers. */
  | { readonly kind: 'terraform' }
  /** Not JSON, or JSON that is no state. One line per problem, at most ten. */
  | { readonly kind: 'corrupt'; readonly problems: readonly string[] };

/** Reads a state of any format from its bytes and verifies it. Never throws: anything can stand in a file. */
export function parseState(bytes: Uint8Array, migrations = MIGRATIONS): ParsedState {
  const text = decode(bytes);
  if (text === undefined) return corrupt(['it is not UTF-8 text']);
  if (text.trim() === '') return { kind: 'empty' };
  const parsed = parseJson(text);
  if ('problem' in parsed) return corrupt([parsed.problem]);
  if (isDeeper(parsed.value, DEEPEST)) return corrupt([`it is nested more than ${DEEPEST} deep`]);
  return terraforms(parsed.value) ?? ofAnyFormat(parsed.value, text, migrations);
}

/** Sorted and indented, so that equal states have equal bytes and people can compare two of them. */
export function formatState({ workers, ...rest }: State): string {
  const records = Object.entries(workers)
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([name, record]) => [name, sortedRecord(record)] as const);
  const head = Object.entries(rest)
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([key, value]) => [key, sortedKeys(value)] as const);
  // "workers" is the last key in order.
  const sorted = Object.fromEntries([...head, ['workers', Object.fromEntries(records)]]);
  return `${JSON.stringify(sorted, null, 1)}\n`;
}

/** One write changes few of many records, and sorting all of them costs more than the rest of it. */
const sortedRecords = new WeakMap<WorkerRecord, unknown>();

function sortedRecord(record: WorkerRecord): unknown {
  const known = sortedRecords.get(record);
  if (known !== undefined) return known;
  const sorted = sortedKeys(record);
  sortedRecords.set(record, sorted);
  return sorted;
}

/** What is wrong with a state; empty when nothing is. */
export function stateProblems(value: unknown): readonly string[] {
  const mistakes = validateState(value);
  if (mistakes.length > 0) return mistakes.map(mistakeText);
  // The schema has just been found to hold.
  return conflicts(value as State);
}

function ofAnyFormat(stored: unknown, text: string, migrations: Migrations): ParsedState {
  const migrated = migrate(stored, FORMAT, migrations);
  if (migrated.kind === 'older') return migrated;
  if (migrated.kind === 'newer') return { ...migrated, needs: neededVersion(stored) };
  if (migrated.kind === 'broken') return corrupt([migrated.problem]);
  const { value, from } = migrated;
  const problems = stateProblems(value);
  if (problems.length > 0) return corrupt(problems);
  const older = from === undefined ? undefined : { format: from, text };
  return { kind: 'state', state: value as State, older };
}

/** What a schema can't say: one vmid has one owner, and records stand under their own names. */
function conflicts(state: State): readonly string[] {
  const shared = [...vmidHolders(state)].filter(([, workers]) => workers.length > 1);
  const misfiled = Object.entries(state.runs).filter(([id, run]) => run.id !== id);
  return [
    ...shared.map(([vmid, workers]) => `vm ${vmid} belongs to ${workers.join(' and ')}`),
    ...misfiled.map(([id, run]) => `run ${run.id} stands under the name ${id}`),
  ];
}

function terraforms(value: unknown): ParsedState | undefined {
  const isTheirs =
    typeof value === 'object' &&
    value !== null &&
    'terraform_version' in value &&
    !('format' in value);
  return isTheirs ? { kind: 'terraform' } : undefined;
}

function neededVersion(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null || !('requiredVersion' in value))
    return undefined;
  return typeof value.requiredVersion === 'string' ? value.requiredVersion : undefined;
}

function mistakeText(mistake: SchemaError): string {
  const path = pathOfPointer(mistake.instancePath).join('.');
  const message = mistake.message ?? `breaks the rule ${mistake.keyword}`;
  const words = message.replace(/^must be (?=[a-z]+$)/, (text) =>
    /[aeiou]/.test(message.charAt(text.length)) ? 'must be an ' : 'must be a ',
  );
  return `${path === '' ? 'the state' : path} ${words}`;
}

function corrupt(problems: readonly string[]): ParsedState {
  const rest = problems.length - 10;
  const shown = problems.slice(0, 10);
  return { kind: 'corrupt', problems: rest > 0 ? [...shown, `and ${rest} more`] : shown };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function parseJson(text: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: `it is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((member) => isDeeper(member, levels - 1));
}
