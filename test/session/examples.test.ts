import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type House, type HouseOptions, openHouse } from '../support/house.ts';
import { leftovers, onlySession } from './session-house.ts';

function example(name: string, options: HouseOptions = {}): House {
  const house = openHouse(options);
  const folder = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  cpSync(folder, house.root, { recursive: true });
  return house;
}

const env = { PBS_PASSWORD: 'not-a-real-one' };

describe('the examples with sessions', () => {
  it('nightly-backup is planned and backs up every VM of the pool; its ad hoc command runs too', async () => {
    const house = example('nightly-backup', { env });
    const plan = await house.muster('plan', '--with-session', 'nightly');
    expect(plan.code, plan.stderr).toBe(0);
    expect(plan.stdout).toContain('nightly: backup, 6 items, 3 workers, 6 slots (pbs-main: 4)');
    const told = await house.muster('apply', '--with-session', 'nightly');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(onlySession(house)).toMatchObject({ outcome: 'ok', ok: 6 });
    const words = ['/usr/local/bin/backup-vm', '101', 'web'];
    const workers = ['--workers', 'backup-pve1,backup-pve2'];
    const byHand = await house.muster('apply', '--run', 'backup', ...workers, '--', ...words);
    expect(byHand.code, byHand.stdout + byHand.stderr).toBe(0);
    expect(leftovers(house)).toEqual([]);
  });

  it('restore needs its variables when it runs, and only then', async () => {
    const house = example('restore', { env });
    expect((await house.muster('validate')).code).toBe(0);
    const without = await house.muster('plan', '--with-session', 'restore');
    expect(without.code).toBe(1);
    expect(without.stderr).toContain('vm');
    const vars = ['--var', 'vm=101', '--var', 'snapshot=host/vm-101/2026-11-22T02:00:00Z'];
    const plan = await house.muster('plan', '--with-session', 'restore', ...vars);
    expect(plan.code, plan.stderr).toBe(0);
    expect(plan.stdout).toContain('restore-101');
    const told = await house.muster('apply', '--with-session', 'restore', ...vars);
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(onlySession(house)).toMatchObject({ outcome: 'ok', work: 'restore', ok: 1 });
    expect(leftovers(house)).toEqual([]);
  });
});
