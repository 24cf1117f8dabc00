// Written by .build/generate.mjs; not to be edited.
import type { SchemaError } from '../model/schema-error.ts';

/** Every mistake at once; none when the value is valid. */
export declare function validateSession(value: unknown): readonly SchemaError[];
