import type { DeclarationDocument } from '../generated/declaration-document.ts';
import { validateDeclaration } from '../generated/validate-declaration.js';
import { pathOfPointer, type SchemaError } from '../model/schema-error.ts';
import { type Change, changeAll } from './edits.ts';
import type { Expanded } from './expand-variables.ts';
import { explainSchemaError } from './explain-schema-error.ts';
import { isPlainMap, type PlainMap, valueAt } from './merge-sources.ts';
import type { Mistake, Path } from './source.ts';

export interface Checked {
  /** What is valid of the document: entries with mistakes are left out, so that the rules can look at the others. */
  readonly document: DeclarationDocument;
  /** The whole of it, with entries that may be wrong: for the names that exist. */
  readonly whole: PlainMap;
  readonly mistakes: readonly Mistake[];
}

/** Each pass turns texts from variables into the numbers that are asked for; two are enough, three are safe. */
const PASSES = 3;

export function checkSchema(expanded: Expanded): Checked {
  let whole: PlainMap = expanded.document;
  let errors = validateDeclaration(whole);
  for (let pass = 1; pass < PASSES && errors.length > 0; pass += 1) {
    const mended = mendVariables(whole, errors, expanded);
    if (mended === whole) break;
    whole = mended;
    errors = validateDeclaration(whole);
  }
  const mistakes = errors.flatMap((error) => explainSchemaError(error, whole) ?? []);
  const document = withoutMistakes(whole, errors) as DeclarationDocument;
  return { document, whole, mistakes };
}

/** A text that was one variable becomes the number or boolean that its place takes; a variable without a value is left out. */
function mendVariables(
  document: PlainMap,
  errors: readonly SchemaError[],
  { fromVariables, deferred }: Expanded,
): PlainMap {
  const changes: [Path, Change][] = [];
  for (const { instancePath, keyword, params } of errors) {
    const path = pathOfPointer(instancePath);
    if (deferred.has(instancePath)) changes.push([path, () => undefined]);
    else if (keyword === 'type' && fromVariables.has(instancePath))
      changes.push([path, (value) => readAs([params.type].flat(), value)]);
  }
  return changes.length === 0 ? document : changeAll(document, changes);
}

function readAs(types: readonly unknown[], value: unknown): unknown {
  if (types.includes('boolean') && (value === 'true' || value === 'false')) return value === 'true';
  const wantsNumber = types.includes('integer') || types.includes('number');
  return wantsNumber && typeof value === 'string' && /^-?\d{1,15}$/.test(value)
    ? Number(value)
    : value;
}

function withoutMistakes(document: PlainMap, errors: readonly SchemaError[]): PlainMap {
  return changeAll(
    document,
    errors.map((error): [Path, Change] => [culpritOf(error, document), () => undefined]),
  );
}

/**
 * What to leave out: an unknown key alone; among the fields of a worker or session the wrong one, or the list that
 * holds it; elsewhere the entry (`images.a`) or the section, whose keys need each other.
 */
function culpritOf(error: SchemaError, document: PlainMap): Path {
  const { instancePath, keyword, params, propertyName } = error;
  const path = pathOfPointer(instancePath);
  const extra =
    propertyName ??
    (keyword === 'additionalProperties' ? params.additionalProperty : params.propertyName);
  if (typeof extra === 'string') return [...path, extra];
  if (isWorkerField(path)) return wrongPart(document, path, keyword);
  if (path[0] === 'sessions') return path.slice(0, 3);
  return path.slice(0, isPlainMap(document[String(path[0])]) ? 2 : 1);
}

function isWorkerField([section, , part]: Path): boolean {
  return (
    section === 'defaults' ||
    section === 'workers' ||
    (section === 'workerSets' && (part === 'worker' || part === 'perNode'))
  );
}

/** Of an interface its wrong field alone: without it the others still say where they lead. */
function wrongPart(document: PlainMap, path: Path, keyword: string): Path {
  const list = path.slice(0, lengthToList(document, path));
  if (list.at(-1) !== 'networks') return list;
  const [index, field] = path.slice(list.length);
  if (index !== undefined && field !== undefined) return [...list, index, field];
  // What lacks a key is whole without it; what is no map at all is nothing to look at.
  return index !== undefined && keyword === 'required' ? [...path, 'bridge'] : list;
}

/** How many parts of the path come before an index into a list: entries are never left out, they would be renumbered. */
function lengthToList(document: PlainMap, path: Path): number {
  const index = path.findIndex((_, at) => Array.isArray(valueAt(document, path.slice(0, at))));
  return index < 0 ? path.length : index;
}
