import { isMap, isSeq, type Node, type Pair } from 'yaml';
import { SCHEMAS } from '../generated/schemas.ts';
import { isMergeKey, keyOf } from './plain-value.ts';

/** As much of the declaration's JSON Schema as the layout needs. */
interface Schema {
  readonly $ref?: string;
  readonly allOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly definitions?: Readonly<Record<string, Schema>>;
  readonly pattern?: string;
  readonly 'x-expected'?: string;
}

const ROOT = JSON.parse(SCHEMAS.declaration) as Schema;

/** What the schema says about one place of a declaration. */
export class Shape {
  private readonly schema: Schema;

  private constructor(schema: Schema) {
    this.schema = schema;
  }

  static readonly root = new Shape(ROOT);

  /** The place of a key in the canonical order; undefined for names that users give, and for unknown keys. */
  rank(key: string): number | undefined {
    const { properties } = this.schema;
    if (properties === undefined || !Object.hasOwn(properties, key)) return undefined;
    return Object.keys(properties).indexOf(key);
  }

  get quantity(): 'size' | 'duration' | undefined {
    const expected = this.schema['x-expected'] ?? '';
    return (['size', 'duration'] as const).find((kind) =>
      expected.startsWith(`a ${kind} with its unit`),
    );
  }

  at(key: string): Shape | undefined {
    const { properties, additionalProperties } = this.schema;
    if (properties !== undefined && Object.hasOwn(properties, key)) return of(properties[key]);
    return of(typeof additionalProperties === 'object' ? additionalProperties : undefined);
  }

  get entry(): Shape | undefined {
    return of(this.schema.items);
  }

  static of(schema: Schema): Shape {
    return new Shape(schema);
  }
}

function of(schema: Schema | undefined): Shape | undefined {
  if (schema === undefined) return undefined;
  const name = schema.$ref?.replace('#/definitions/', '');
  if (name !== undefined) return of(ROOT.definitions?.[name]);
  return schema.allOf?.[0] === undefined ? Shape.of(schema) : of(schema.allOf[0]);
}

/** Calls back for every node below this one that the schema knows, outermost first. Anchored ones are left alone. */
export function walkShapes(
  node: unknown,
  shape: Shape | undefined,
  visit: (node: Node, shape: Shape) => void,
): void {
  if (shape === undefined || node === null || node === undefined) return;
  if ((node as { anchor?: string }).anchor !== undefined) return;
  visit(node as Node, shape);
  if (isSeq(node)) for (const entry of node.items) walkShapes(entry, shape.entry, visit);
  if (!isMap(node)) return;
  for (const pair of node.items) walkShapes(pair.value, shapeOf(pair, shape), visit);
}

export function shapeOf(pair: Pair, shape: Shape): Shape | undefined {
  const key = isMergeKey(pair.key) ? undefined : keyOf(pair.key);
  return key === undefined ? undefined : shape.at(key);
}

/**
 * The canonical order of a map's pairs, as indexes. What the schema does not name stays where it is; undefined
 * when nothing has to be moved.
 */
export function orderOf(pairs: readonly Pair[], shape: Shape): readonly number[] | undefined {
  const known = pairs.flatMap(({ key }, index) => {
    const rank = shape.rank((isMergeKey(key) ? undefined : keyOf(key)) ?? '');
    return rank === undefined ? [] : [{ index, rank }];
  });
  const sorted = known.toSorted((a, b) => a.rank - b.rank);
  if (sorted.every(({ index }, place) => index === known[place]?.index)) return undefined;
  const order = pairs.map((_, index) => index);
  for (const [place, { index }] of known.entries()) order[index] = sorted[place]?.index ?? index;
  return order;
}
