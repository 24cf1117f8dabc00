import { formats } from './formats.ts';
import { namedPropertyStrings, parsePropertyString } from './property-strings.ts';
import type { ParameterRule } from './types.ts';

export type Errors = Record<string, string>;

const UNKNOWN =
  'property is not defined in schema and the schema does not allow additional properties';

/** What is wrong with each parameter, in the words of the API. Empty: nothing. */
export function verifyParameters(
  given: Readonly<Record<string, string>>,
  ruleOf: (name: string) => ParameterRule | undefined,
  declared: Readonly<Record<string, ParameterRule>>,
): Errors {
  const errors: Errors = {};
  for (const [name, value] of Object.entries(given)) {
    const rule = ruleOf(name);
    if (rule === undefined) errors[name] = UNKNOWN;
    else {
      const complaint = verifyValue(name, value, rule);
      if (complaint !== undefined) errors[name] = complaint;
      if (rule.requires !== undefined && given[rule.requires] === undefined) {
        errors[rule.requires] = `missing property required by '${name}'`;
      }
    }
  }
  for (const [name, rule] of Object.entries(declared)) {
    if (!rule.optional && !name.endsWith('[n]') && given[name] === undefined) {
      errors[name] = 'property is missing and it is not optional';
    }
  }
  return errors;
}

function verifyValue(name: string, value: string, rule: ParameterRule): string | undefined {
  if (rule.type === 'array') return undefined;
  return (
    verifyType(value, rule) ??
    verifyFormat(name, value, rule) ??
    verifyPattern(value, rule) ??
    verifyRange(value, rule)
  );
}

function verifyType(value: string, rule: ParameterRule): string | undefined {
  const wrong = `type check ('${rule.type}') failed - got '${value}'`;
  if (rule.type === 'integer') return /^[+-]?\d+$/.test(value) ? undefined : wrong;
  if (rule.type === 'number') return /^[+-]?\d+(\.\d+)?$/.test(value) ? undefined : wrong;
  if (rule.type === 'boolean') return /^[01]$/.test(value) ? undefined : wrong;
  return undefined;
}

function verifyFormat(name: string, value: string, rule: ParameterRule): string | undefined {
  if (rule.format === undefined) return undefined;
  const keys = typeof rule.format === 'string' ? namedPropertyStrings[rule.format] : rule.format;
  if (keys !== undefined) return verifyPropertyString(name, value, keys);
  const check = typeof rule.format === 'string' ? formats[rule.format] : undefined;
  const complaint = check?.(value);
  return complaint === undefined ? undefined : `invalid format - ${complaint}`;
}

function verifyPropertyString(
  name: string,
  value: string,
  keys: Readonly<Record<string, ParameterRule>>,
): string | undefined {
  const parsed = parsePropertyString(value, keys);
  if (!parsed.ok) {
    const where = parsed.key === '' ? name : `${name}.${parsed.key}`;
    return `invalid format - format error\n${where}: ${parsed.why}\n`;
  }
  const lines: string[] = [];
  for (const [key, part] of Object.entries(parsed.values)) {
    const rule = keys[key];
    if (rule === undefined) continue;
    const complaint = verifyValue(`${name}.${key}`, part, rule);
    if (complaint !== undefined) lines.push(`${name}.${key}: ${complaint}`);
    if (rule.requires !== undefined && parsed.values[rule.requires] === undefined) {
      lines.push(`${name}.${rule.requires}: missing property required by '${name}.${key}'`);
    }
  }
  for (const [key, rule] of Object.entries(keys)) {
    if (rule.type !== undefined && !rule.optional && parsed.values[key] === undefined) {
      lines.push(`${name}.${key}: property is missing and it is not optional`);
    }
  }
  return lines.length === 0 ? undefined : `invalid format - format error\n${lines.join('\n')}\n`;
}

function verifyPattern(value: string, rule: ParameterRule): string | undefined {
  if (rule.pattern === undefined) return undefined;
  return new RegExp(`^(?:${rule.pattern})$`).test(value)
    ? undefined
    : 'value does not match the regex pattern';
}

function verifyRange(value: string, rule: ParameterRule): string | undefined {
  if (rule.enum !== undefined && !rule.enum.includes(value)) {
    return `value '${value}' does not have a value in the enumeration '${rule.enum.join(', ')}'`;
  }
  if (rule.maxLength !== undefined && value.length > rule.maxLength) {
    return `value may only be ${rule.maxLength} characters long`;
  }
  if (rule.type !== 'integer' && rule.type !== 'number') return undefined;
  const number = Number(value);
  if (rule.minimum !== undefined && number < rule.minimum) {
    return `value must have a minimum value of ${rule.minimum}`;
  }
  if (rule.maximum !== undefined && number > rule.maximum) {
    return `value must have a maximum value of ${rule.maximum}`;
  }
  return undefined;
}
