export type JsonType = 'string' | 'integer' | 'number' | 'boolean' | 'array' | 'object';

/** Of a schema what helps to explain a mistake. */
export interface ExplainingSchema {
  readonly type?: JsonType | readonly JsonType[];
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  /** What the value must be, in words. */
  readonly 'x-expected'?: string;
  /** What the value is called. */
  readonly 'x-noun'?: string;
}

/** One mistake that a compiled JSON Schema validator found. */
export interface SchemaError {
  /** JSON pointer of the value. */
  readonly instancePath: string;
  /** Pointer of the rule in the schema, such as `#/definitions/worker/properties/slots/maximum`. */
  readonly schemaPath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  /** Set when the mistake is a key's name and not its value. */
  readonly propertyName?: string;
  /** The schema that holds the rule: its words explain the mistake. */
  readonly parentSchema?: ExplainingSchema;
}

/** The parts of a JSON pointer; what looks like an index is a number. */
export function pathOfPointer(pointer: string): readonly (string | number)[] {
  if (pointer === '') return [];
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((part) => (/^(0|[1-9]\d*)$/.test(part) ? Number(part) : part));
}
