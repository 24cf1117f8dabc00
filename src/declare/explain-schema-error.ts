import { pathOfPointer, type SchemaError } from '../model/schema-error.ts';
import { didYouMean } from '../model/suggest.ts';
import { isPlainMap } from './merge-sources.ts';
import type { Mistake, Path } from './source.ts';

type Words = Omit<Mistake, 'at'> & { readonly text?: string; readonly part?: 'key' };

/** A validator's error as a sentence for people. Undefined: another error says the same thing better. */
export function explainSchemaError(error: SchemaError, document: unknown): Mistake | undefined {
  const path = pathOfPointer(error.instancePath);
  const schema = isPlainMap(error.parentSchema) ? error.parentSchema : {};
  const value = valueAt(document, path);
  if (error.propertyName !== undefined)
    return error.keyword === 'pattern' || error.keyword === 'maxLength'
      ? placed([...path, error.propertyName], badName(error.propertyName, schema))
      : undefined;
  switch (error.keyword) {
    case 'additionalProperties': {
      const key = String(error.params.additionalProperty);
      return placed([...path, key], unknownKey(key, schema, path));
    }
    case 'required':
      return placed(path, missingKey(String(error.params.missingProperty), schema));
    case 'if':
    case 'propertyNames':
      return undefined;
    case 'enum':
    case 'const':
      // "1" where 1 must be: its type says more.
      if (isOtherType(value, schema)) return undefined;
      return placed(path, unknownValue(error, value, schema, path));
    default:
      return placed(path, badValue(error, value, schema, path));
  }
}

function placed(path: Path, words: Words): Mistake {
  const { text, part, ...mistake } = words;
  return {
    ...mistake,
    at: [
      { path, ...(part === undefined ? {} : { part }), ...(text === undefined ? {} : { text }) },
    ],
  };
}

function unknownKey(key: string, schema: Readonly<Record<string, unknown>>, path: Path): Words {
  const known = isPlainMap(schema.properties) ? Object.keys(schema.properties) : [];
  const owner = nounOf(schema, path);
  return {
    code: 'unknown-key',
    message: `unknown key "${key}"`,
    part: 'key',
    text: `${owner} has no such key`,
    remedy: didYouMean(key, known) ?? `Known keys: ${known.toSorted().join(', ')}.`,
  };
}

function missingKey(key: string, schema: Readonly<Record<string, unknown>>): Words {
  return {
    code: 'missing-key',
    message: `${nounOf(schema, [])} needs "${key}"`,
    text: `has no "${key}"`,
  };
}

function badName(name: string, schema: Readonly<Record<string, unknown>>): Words {
  return {
    code: 'bad-name',
    message: `"${shown(name)}" can't be ${expectation(schema, 'a name')}`,
    part: 'key',
  };
}

function unknownValue(
  error: SchemaError,
  value: unknown,
  schema: Readonly<Record<string, unknown>>,
  path: Path,
): Words {
  const { allowedValues = [error.params.allowedValue] } = error.params;
  const allowed = (Array.isArray(allowedValues) ? allowedValues : []).map(String);
  const expected =
    typeof schema['x-expected'] === 'string' ? schema['x-expected'] : listed(allowed);
  const near = typeof value === 'string' ? didYouMean(value, allowed) : undefined;
  return {
    code: 'unknown-value',
    message: `${nameOf(path)} must be ${expected}`,
    text: `is ${described(value)}`,
    ...(near === undefined ? {} : { remedy: near }),
  };
}

function badValue(
  error: SchemaError,
  value: unknown,
  schema: Readonly<Record<string, unknown>>,
  path: Path,
): Words {
  const name = nameOf(path);
  const limit = Number(error.params.limit);
  switch (error.keyword) {
    case 'type':
      return wrongType(value, schema, name);
    case 'minimum':
    case 'maximum':
      return {
        code: 'out-of-range',
        message: `${name} must be ${range(schema)}`,
        text: `is ${described(value)}`,
      };
    case 'minItems':
      return {
        code: 'too-few',
        message: `${name} needs at least ${limit === 1 ? 'one entry' : `${limit} entries`}`,
      };
    case 'maxItems':
      return { code: 'too-many', message: `${name} can have at most ${limit} entries` };
    case 'maxLength':
      return { code: 'too-long', message: `${name} can have at most ${limit} characters` };
    case 'minLength':
      return { code: 'empty-value', message: `${name} is empty` };
    default:
      return {
        code: 'bad-value',
        message: `${name} must be ${expectation(schema, 'of another form')}`,
        text: `is ${described(value)}`,
      };
  }
}

function isOtherType(value: unknown, { type }: Readonly<Record<string, unknown>>): boolean {
  return type === 'integer' ? !Number.isInteger(value) : type === 'string' && typeof value !== type;
}

function wrongType(value: unknown, schema: Readonly<Record<string, unknown>>, name: string): Words {
  const wantsText = [schema.type].flat().includes('string');
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  const isQuoted = /^(true|false|-?\d+)$/.test(String(value)) && typeof value === 'string';
  const remedy =
    value === null
      ? 'Give it a value, or remove the key.'
      : isQuoted && !wantsText
        ? 'Write it without quotes.'
        : wantsText && isScalar && schema['x-expected'] === undefined
          ? 'Put the value in quotes.'
          : undefined;
  return {
    code: 'wrong-type',
    message: `${name} must be ${expectation(schema, typeWords(schema))}`,
    text: value === null ? 'has no value' : `is ${described(value)}`,
    ...(remedy === undefined ? {} : { remedy }),
  };
}

function expectation(schema: Readonly<Record<string, unknown>>, otherwise: string): string {
  const words = schema['x-expected'];
  return typeof words === 'string' ? words : otherwise;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
};

function typeWords(schema: Readonly<Record<string, unknown>>): string {
  const types = [schema.type].flat().map(String);
  if (types.length === 1 && types[0] === 'integer') return range(schema);
  return types.map((type) => TYPES[type] ?? type).join(' or ');
}

function range({ minimum, maximum }: Readonly<Record<string, unknown>>): string {
  if (minimum !== undefined && maximum !== undefined)
    return `a whole number from ${minimum} to ${maximum}`;
  if (minimum !== undefined) return `a whole number, at least ${minimum}`;
  return maximum === undefined ? 'a whole number' : `a whole number, at most ${maximum}`;
}

function nounOf(schema: Readonly<Record<string, unknown>>, path: Path): string {
  const noun = schema['x-noun'];
  return typeof noun === 'string' ? noun : nameOf(path);
}

/** The last keys of a path, without its names: `memory`, `networks[0].vlan`. Equal for every use of an anchor. */
function nameOf(path: Path): string {
  const start = path.findLastIndex(
    (part, index) =>
      typeof part === 'string' && index !== path.length - 1 && typeof path[index + 1] === 'number',
  );
  const from = start < 0 ? path.length - 1 : start;
  const parts = path
    .slice(from)
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`,
    );
  return parts.join('') || 'the declaration';
}

function listed(words: readonly string[]): string {
  if (words.length <= 1) return words.join('');
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

function described(value: unknown): string {
  if (value === null) return 'empty';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map';
  return typeof value === 'string' ? `"${shown(value)}"` : String(value);
}

function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function valueAt(document: unknown, path: Path): unknown {
  let value = document;
  for (const part of path)
    value =
      value !== null && typeof value === 'object'
        ? (value as Record<string | number, unknown>)[part]
        : undefined;
  return value;
}
