import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FORMATS, type FormatView } from '../../src/cli/formats.ts';
import { PLAIN } from '../../src/report/paint.ts';
import { SCENARIOS, savedOf } from './scenarios.ts';

const GOLDEN = join(import.meta.dirname, 'golden');
/** MUSTER_WRITE_GOLDEN=1 writes what is rendered: read the difference before committing. */
const writes = process.env.MUSTER_WRITE_GOLDEN === '1';

const VIEW: FormatView = {
  state: { where: 'muster.state.json', serial: 41 },
  verbose: false,
  paint: PLAIN,
  next: { program: 'muster -e production', flags: '', savedAs: 'muster.plan' },
  job: { name: 'job 8812', url: 'https://git.example.net/backup/-/jobs/8812' },
};

const FILES = [
  ['text', 'plan.txt'],
  ['markdown', 'plan.md'],
  ['terraform-json', 'plan.terraform.json'],
  ['gitlab', 'plan.gitlab.json'],
  ['json', 'plan.json'],
  ['html', 'plan.html'],
] as const;

describe.each(Object.entries(SCENARIOS))('the plan %s', (name, plan) => {
  it.each(FILES)('as %s is what a person has read', (format, file) => {
    const rendered = FORMATS[format](savedOf(plan()), VIEW);
    // The page's own style and script are constant, and checked in a browser.
    const shown = rendered
      .replace(/<style>[\s\S]*?<\/style>/, '<style></style>')
      .replace(/<script>[\s\S]*?<\/script>/, '<script></script>')
      .replace(/'sha256-[^']+'/g, "'sha256-'");
    const path = join(GOLDEN, name, file);
    if (writes) {
      mkdirSync(join(GOLDEN, name), { recursive: true });
      writeFileSync(path, shown);
    }
    expect(shown).toBe(readFileSync(path, 'utf8'));
  });
});
