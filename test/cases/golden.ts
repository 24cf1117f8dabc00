import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'vitest';

/** MUSTER_WRITE_GOLDEN=1 writes what is planned instead of comparing it: read the difference before committing. */
const writes = process.env.MUSTER_WRITE_GOLDEN === '1';

export function compare(file: string, content: string): void {
  if (writes) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  expect(content).toBe(readFileSync(file, 'utf8'));
}
