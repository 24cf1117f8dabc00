import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { State } from '../../src/model/state.ts';
import { runRecord } from '../state/support/states.ts';
import { type House, openHouse } from '../support/house.ts';
import { TWO_WORKERS } from './project.ts';

/** Two workers with VMs, at rest. */
async function settledHouse(): Promise<House> {
  const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
  const told = await house.muster('apply', '--test', '--auto-approve');
  expect(told.code, told.stdout + told.stderr).toBe(0);
  return house;
}

/** Two recorded workers without VMs. */
async function configuredHouse(): Promise<House> {
  const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
  expect((await house.muster('apply', '--auto-approve')).code).toBe(0);
  return house;
}

function statePath(house: House): string {
  return join(house.root, 'muster.state.json');
}

function putState(house: House, state: State): void {
  writeFileSync(statePath(house), JSON.stringify(state));
}

describe('state list, show and pull', () => {
  it('tell what is recorded, also for programs', async () => {
    const house = await configuredHouse();
    expect((await house.muster('state', 'list')).stdout).toBe('backup-pve1\nbackup-pve2\n');
    expect(JSON.parse((await house.muster('state', 'list', '--json')).stdout)).toEqual([
      'backup-pve1',
      'backup-pve2',
    ]);
    const shown = await house.muster('state', 'show', 'backup-pve1');
    expect(JSON.parse(shown.stdout)).toMatchObject({
      worker: 'backup-pve1',
      declared: { node: 'pve1' },
    });
    expect(JSON.parse((await house.muster('state', 'pull')).stdout)).toEqual(house.state());
  });

  it('say what is near to a name that is not there, and what to do where there is no state', async () => {
    const house = await configuredHouse();
    const told = await house.muster('state', 'show', 'backup-pve');
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('Did you mean "backup-pve1"?');
    const empty = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
    expect((await empty.muster('state', 'list')).stderr).toContain('muster state recover');
  });
});

describe('state rm and mv', () => {
  it('write nothing with --dry-run', async () => {
    const house = await configuredHouse();
    const before = house.state();
    const told = await house.muster('state', 'rm', '--dry-run', 'backup-pve1');
    expect(told.stdout).toContain('forgotten: backup-pve1');
    expect(told.stdout).toContain('Nothing was written');
    await house.muster('state', 'mv', '--dry-run', 'backup-pve1', 'b');
    expect(house.state()).toEqual(before);
  });

  it('keep a backup that push takes back', async () => {
    const house = await configuredHouse();
    const before = house.state();
    const told = await house.muster('state', 'rm', 'backup-pve1', '--json');
    const { backup, serial } = JSON.parse(told.stdout) as { backup: string; serial: number };
    expect(serial).toBe(before.serial + 1);
    expect(Object.keys(house.state().workers)).toEqual(['backup-pve2']);
    expect(JSON.parse(readFileSync(join(house.root, backup), 'utf8'))).toEqual(before);
    expect((await house.muster('state', 'push', backup)).code).toBe(6);
    expect((await house.muster('state', 'push', '--force', backup)).code).toBe(0);
    expect(house.state().workers).toEqual(before.workers);
    expect(house.state().serial).toBe(before.serial + 2);
  });

  it('leave the VM of a forgotten worker alone, and the next apply takes it in again', async () => {
    const house = await settledHouse();
    const vmid = house.state().workers['backup-pve1']?.vm?.vmid;
    await house.muster('state', 'rm', 'backup-pve1');
    const plan = await house.muster('plan');
    expect(plan.stdout).toMatch(/backup-pve1 +adopt/);
    expect((await house.muster('apply', '--auto-approve')).code).toBe(0);
    expect(house.state().workers['backup-pve1']?.vm?.vmid).toBe(vmid);
    expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });

  it('rename a record with its VM: declared under the new name, no VM is made or lost', async () => {
    const house = await settledHouse();
    const vms = Object.keys(house.cluster.world.vms);
    const moved = await house.muster('state', 'mv', 'backup-pve1', 'night-1');
    expect(moved.code).toBe(0);
    expect(Math.max(...moved.stdout.split('\n').map((line) => line.length))).toBeLessThan(101);
    house.write('muster.yaml', TWO_WORKERS.replace('backup-pve1:', 'night-1:'));
    expect((await house.muster('apply', '--auto-approve')).code).toBe(0);
    expect(Object.keys(house.cluster.world.vms)).toEqual(vms);
    expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });

  it('refuse a worker that a living run holds, with its holder (P14 P15)', async () => {
    const house = await configuredHouse();
    const state = house.state();
    const [name = '', record] = Object.entries(state.workers)[0] ?? [];
    if (record === undefined) throw new Error('there are two workers');
    const run = runRecord('r1', { beat: house.clock.now(), jobUrl: 'https://ci.example.net/7' });
    const leased = { ...record, lease: { run: 'r1', fence: 1 } };
    putState(house, { ...state, runs: { r1: run }, workers: { ...state.workers, [name]: leased } });
    const told = await house.muster('state', 'rm', name);
    expect(told.code).toBe(4);
    expect(told.stderr).toContain('https://ci.example.net/7');
    expect((await house.muster('state', 'rm', '--force', name)).code).toBe(0);
  });

  it('never put one worker over another', async () => {
    const house = await configuredHouse();
    const told = await house.muster('state', 'mv', 'backup-pve1', 'backup-pve2');
    expect(told.code).toBe(6);
    expect(Object.keys(house.state().workers)).toHaveLength(2);
  });
});

describe('state push', () => {
  it.each([
    [
      'another lineage',
      { lineage: '00000000-0000-4000-8000-000000000000', serial: 900 },
      /lineage/,
    ],
    ['another project', { project: 'other', serial: 900 }, /project "other"/],
    ['another environment', { environment: 'production', serial: 900 }, /environment "production"/],
    ['an older serial', { serial: 1 }, /not newer/],
  ])('refuses a state of %s without --force, and takes it with', async (_, change, why) => {
    const house = await configuredHouse();
    const before = house.state();
    house.write('other.json', JSON.stringify({ ...before, ...change }));
    const told = await house.muster('state', 'push', 'other.json');
    expect(told.code).toBe(6);
    expect(told.stderr).toMatch(why);
    expect(house.state()).toEqual(before);
    expect((await house.muster('state', 'push', '--force', 'other.json')).code).toBe(0);
    expect(house.state()).toMatchObject({
      ...change,
      serial: Math.max(change.serial, before.serial + 1),
    });
  });

  it('refuses a file that is no state, whatever is said', async () => {
    const house = await configuredHouse();
    house.write('other.json', '{"format":1');
    const told = await house.muster('state', 'push', '--force', 'other.json');
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('other.json is damaged');
  });
});

describe('state unlock', () => {
  async function withRun(beat: (now: number) => number): Promise<House> {
    const house = await configuredHouse();
    const state = house.state();
    const run = runRecord('r1', { beat: beat(house.clock.now()) });
    const workers = Object.fromEntries(
      Object.entries(state.workers).map(([name, record]) => [
        name,
        { ...record, lease: { run: 'r1', fence: 1 } },
      ]),
    );
    putState(house, { ...state, runs: { r1: run }, workers });
    return house;
  }

  it('ends a dead run and releases its workers; force-unlock is the same (P14)', async () => {
    for (const command of [['state', 'unlock'], ['force-unlock']]) {
      const house = await withRun((now) => now - 3_600_000);
      const told = await house.muster(...command, 'r1');
      expect(told.stdout).toContain('released backup-pve1, backup-pve2');
      expect(house.state().runs).toEqual({});
      expect(house.state().workers['backup-pve1']?.lease).toBeUndefined();
    }
  });

  it('leaves a run alone that has just given a sign of life, unless it is forced (P15)', async () => {
    const house = await withRun((now) => now - 20_000);
    const told = await house.muster('state', 'unlock', 'r1');
    expect(told.code).toBe(4);
    expect(told.stderr).toMatch(/ci@runner-1 \(pid 812 on runner-1\).*2\d s ago/s);
    expect(house.state().runs).toHaveProperty('r1');
    expect((await house.muster('state', 'unlock', '--force', 'r1')).code).toBe(0);
  });

  it('says when nothing has that id, and which runs there are', async () => {
    const house = await withRun((now) => now);
    const told = await house.muster('state', 'unlock', 'nope');
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('nothing is locked by nope');
    expect(told.stderr).toContain('run r1');
  });
});

describe('a lost state', () => {
  it('stops plan and apply on a machine that never had it, and duplicates nothing (P47)', async () => {
    const house = await settledHouse();
    rmSync(statePath(house));
    const vms = Object.keys(house.cluster.world.vms);
    for (const argv of [['plan'], ['apply', '--test', '--auto-approve']]) {
      const told = await house.muster(...argv);
      expect(told.code).toBe(1);
      expect(told.stderr).toContain('muster state recover');
    }
    expect(Object.keys(house.cluster.world.vms)).toEqual(vms);
  });

  it.each(['with', 'without'])(
    'is recovered from the marks, %s its backup beside it, and the next plan is empty (P37 P38)',
    async (how) => {
      const house = await settledHouse();
      const before = house.state();
      if (how === 'with') copyFileSync(statePath(house), `${statePath(house)}.backup`);
      rmSync(statePath(house));
      const trial = await house.muster('state', 'recover', '--dry-run');
      expect(trial.stdout).toContain('Would recover 2 workers');
      expect(existsSync(statePath(house))).toBe(false);
      const told = await house.muster('state', 'recover');
      expect(told.code, told.stderr).toBe(0);
      expect(told.stdout).toContain('Recovered 2 workers');
      expect(told.stdout).toContain('which image a VM was made from');
      expect(house.state().lineage).toBe(before.lineage);
      const plan = await house.muster('plan', '--detailed-exitcode');
      expect(plan.stdout).toContain('nothing to do');
      expect(plan.code).toBe(0);
    },
  );

  it('is noticed with --refresh=false too, on a machine that never had it (P47)', async () => {
    const house = await settledHouse();
    rmSync(statePath(house));
    const told = await house.muster('apply', '--refresh=false', '--auto-approve');
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('muster state recover');
    expect(house.hasState()).toBe(false);
  });

  it('beside which a new one was begun stops plan and apply, and recover goes on with the old one', async () => {
    const house = await settledHouse();
    const { lineage } = house.state();
    const vms = Object.keys(house.cluster.world.vms);
    const workers = Object.entries(house.state().workers).map(([name, { declared, protect }]) => [
      name,
      { declared, protect, last: {} },
    ]);
    const begun = { lineage: '00000000-0000-4000-8000-000000000000', serial: 900 };
    putState(house, { ...house.state(), ...begun, workers: Object.fromEntries(workers) });
    const told = await house.muster('apply', '--test', '--auto-approve');
    expect(told.code).toBe(1);
    expect(told.stderr).toMatch(/records no VM, but 2 VMs bear[\s\S]*muster state recover/);
    const recovered = await house.muster('state', 'recover');
    expect(recovered.code, recovered.stderr).toBe(0);
    expect(house.state()).toMatchObject({ lineage, serial: 901 });
    expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
    expect(Object.keys(house.cluster.world.vms)).toEqual(vms);
  });

  it('and then works as ever: a test runs in guests that remember the fences of before', async () => {
    const house = await settledHouse();
    rmSync(statePath(house));
    await house.muster('state', 'recover');
    const told = await house.muster('test', '--auto-approve');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(house.state().workers['backup-pve2']?.last.test?.result).toBe('passed');
  });

  it('that lost half of its workers gets them back, keeps the rest, and the next plan is empty', async () => {
    const house = await settledHouse();
    const state = house.state();
    const { 'backup-pve1': _, ...rest } = state.workers;
    putState(house, { ...state, workers: rest });
    const told = await house.muster('state', 'recover', '--json');
    expect(JSON.parse(told.stdout)).toMatchObject({
      recovered: [{ worker: 'backup-pve1' }],
      left: [],
    });
    expect(house.state().workers['backup-pve2']).toEqual(state.workers['backup-pve2']);
    expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });

  it('is not recovered twice: the second time there is nothing to do', async () => {
    const house = await settledHouse();
    rmSync(statePath(house));
    await house.muster('state', 'recover');
    const before = house.state();
    expect((await house.muster('state', 'recover')).stdout).toContain('Nothing to recover');
    expect(house.state()).toEqual(before);
  });

  it('leaves a worker alone that is not declared any more, and says so', async () => {
    const house = await settledHouse();
    rmSync(statePath(house));
    house.write('muster.yaml', TWO_WORKERS.replace('  backup-pve2: { node: pve2 }\n', ''));
    const told = await house.muster('state', 'recover');
    expect(told.stdout).toContain('Recovered 1 worker ');
    expect(told.stdout).toMatch(/backup-pve2 is\s+not declared/);
    const plan = await house.muster('plan');
    expect(plan.stdout).not.toContain('1 to destroy');
  });

  it('of another environment, or without any marks, recovers nothing', async () => {
    const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
    const told = await house.muster('state', 'recover');
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('no VM that the token may see bears all marks');
  });
});
