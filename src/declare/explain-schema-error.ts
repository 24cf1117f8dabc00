import {
  type ExplainingSchema,
  type JsonType,
  pathOfPointer,
  type SchemaError,
} from '../model/schema-error.ts';
import { didYouMean } from '../model/suggest.ts';
import { valueAt } from './merge-sources.ts';
import type { Mistake, Path } from './source.ts';

type Words = Omit<Mistake, 'at'> & { readonly text?: string; readonly part?: 'key' };

/** A validator's error as a sentence for people. Undefined: another error says the same thing better. */
export function explainSchemaError(error: SchemaError, document: unknown): Mistake | undefined {
  const path = pathOfPointer(error.instancePath);
  const { parentSchema: schema = {} } = error;
  const value = valueAt(document, path);
  if (error.propertyName !== undefined)
    return placed([...path, error.propertyName], badName(error.propertyName, schema));
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
      // "1" where 1 must be: its type says more.
      if (isOtherType(value, schema)) return undefined;
      return placed(path, unknownValue(value, schema, path));
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

function unknownKey(key: string, schema: ExplainingSchema, path: Path): Words {
  const { properties = {} } = schema;
  const known = Object.keys(properties);
  const owner = nounOf(schema, path);
  return {
    code: 'unknown-key',
    message: `unknown key "${key}"`,
    part: 'key',
    text: `${owner} has no such key`,
    remedy: didYouMean(key, known) ?? `Known keys: ${known.toSorted().join(', ')}.`,
  };
}

function missingKey(key: string, schema: ExplainingSchema): Words {
  return {
    code: 'missing-key',
    message: `${nounOf(schema, [])} needs "${key}"`,
    text: `has no "${key}"`,
  };
}

function badName(name: string, schema: ExplainingSchema): Words {
  return {
    code: 'bad-name',
    message: `"${shown(name)}" can't be ${expectation(schema, 'a name')}`,
    part: 'key',
  };
}

function unknownValue(value: unknown, schema: ExplainingSchema, path: Path): Words {
  const { enum: values = [] } = schema;
  const allowed = values.map(String);
  const near = typeof value === 'string' ? didYouMean(value, allowed) : undefined;
  return {
    code: 'unknown-value',
    message: `${nameOf(path)} must be ${expectation(schema, listed(allowed))}`,
    text: described(value),
    ...(near === undefined ? {} : { remedy: near }),
  };
}

function badValue(error: SchemaError, value: unknown, schema: ExplainingSchema, path: Path): Words {
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
        text: described(value),
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
        text: described(value),
      };
  }
}

function isOtherType(value: unknown, { type }: ExplainingSchema): boolean {
  return type === 'integer' ? !Number.isInteger(value) : type === 'string' && typeof value !== type;
}

function wrongType(value: unknown, schema: ExplainingSchema, name: string): Words {
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
    text: described(value),
    ...(remedy === undefined ? {} : { remedy }),
  };
}

function expectation(schema: ExplainingSchema, otherwise: string): string {
  return schema['x-expected'] ?? otherwise;
}

const TYPES: Readonly<Record<JsonType, string>> = {
  string: 'text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
};

function typeWords(schema: ExplainingSchema): string {
  const { type = [] } = schema;
  if (type === 'integer') return range(schema);
  return [type]
    .flat()
    .map((name) => TYPES[name])
    .join(' or ');
}

/** Every number of the declaration has both bounds. */
function range({ minimum, maximum }: ExplainingSchema): string {
  return `a whole number from ${minimum} to ${maximum}`;
}

function nounOf(schema: ExplainingSchema, path: Path): string {
  return schema['x-noun'] ?? nameOf(path);
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

/** What was found instead, as a predicate. */
function described(value: unknown): string {
  if (value === null) return 'has no value';
  if (Array.isArray(value)) return 'is a list';
  if (typeof value === 'object') return 'is a map';
  return typeof value === 'string' ? `is "${shown(value)}"` : `is ${value}`;
}

function shown(text: string): string {
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
