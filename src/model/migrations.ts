/** Step n takes what a file of format n holds and gives what one of format n + 1 holds. Pure; may throw on nonsense. */
export type Migrations = Readonly<Record<number, (value: unknown) => unknown>>;

/** A file of an older format, as it is stored. */
export interface OlderFormat {
  readonly format: number;
  readonly text: string;
}

export type Migrated =
  /** Of the wanted format, unless it is nonsense: what can't be told apart by its format is left to validation. */
  | { readonly kind: 'value'; readonly value: unknown; readonly from: number | undefined }
  | { readonly kind: 'newer'; readonly format: number }
  /** Older than the oldest that there is a step for. */
  | { readonly kind: 'older'; readonly format: number }
  | { readonly kind: 'broken'; readonly problem: string };

/** Brings a value of an older format to the wanted one, step by step. */
export function migrate(value: unknown, wanted: number, steps: Migrations): Migrated {
  const format = formatOf(value);
  if (format === undefined || format === wanted) return { kind: 'value', value, from: undefined };
  if (format > wanted) return { kind: 'newer', format };
  let migrated = value;
  for (let at = format; at < wanted; at += 1) {
    const step = steps[at];
    if (step === undefined) return { kind: 'older', format };
    try {
      migrated = step(migrated);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return { kind: 'broken', problem: `it is not what format ${at} holds: ${why}` };
    }
  }
  return { kind: 'value', value: migrated, from: format };
}

function formatOf(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null || !('format' in value)) return undefined;
  const { format } = value;
  return typeof format === 'number' && Number.isSafeInteger(format) ? format : undefined;
}
