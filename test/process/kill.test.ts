import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { killCase } from './kill-case.ts';
import { buildCli, type RealCli } from './real-cli.ts';

/** A few instants of a run of about 4 s; `npm run torture` takes fifty. */
const INSTANTS_MS = [150, 900, 2200];

describe('kill -9 of the program in an apply --test', () => {
  let cli: RealCli;
  beforeAll(() => {
    cli = buildCli('kill');
  });
  afterAll(() => cli.remove());

  it('P13 P47: one more apply converges: no VM twice, none orphaned, none running, the plan empty', async () => {
    const outcomes = await Promise.all(INSTANTS_MS.map((afterMs) => killCase(cli, afterMs)));
    expect(outcomes.map(({ wrong }) => wrong)).toEqual(INSTANTS_MS.map(() => []));
    expect(outcomes.map(({ killed }) => killed)).toContain(true);
  }, 120_000);
});
