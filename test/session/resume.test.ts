import { describe, expect, it } from 'vitest';
import {
  killedAfter,
  leftovers,
  liveOne,
  MINUTE,
  onlySession,
  powers,
  sessionHouse,
  sleepers,
} from './session-house.ts';

const NIGHTLY = `  nightly:
    kind: backup
    items:
${sleepers([20, 20, 20, 20, 20])}`;

describe('muster sessions resume', () => {
  it('goes on with a session whose run was killed: what ran is found again, what waited is run, each once', async () => {
    const house = sessionHouse(NIGHTLY);
    await killedAfter(house, 10 * MINUTE, 'apply', '--with-session', 'nightly');
    const { id, attempts } = liveOne(house);
    expect(Object.keys(attempts)).toHaveLength(4);

    // On another machine nothing proves the death of a process: its holder is told, exit 4.
    const early = await house.muster('sessions', 'resume', id);
    expect(early.code, early.stdout).toBe(4);
    expect(early.stderr).toContain('is leased by session nightly-');

    await house.clock.sleep(11 * MINUTE);
    const listed = await house.muster('sessions', 'list');
    expect(listed.stdout).toMatch(/nightly-\S+ +LOST +backup .* 4 running/);
    const told = await house.muster('sessions', 'resume', id);
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(onlySession(house)).toMatchObject({ kind: 'ended', outcome: 'ok', ok: 5, workers: 2 });
    expect(leftovers(house)).toEqual([]);

    const shown = JSON.parse((await house.muster('sessions', 'show', id, '--json')).stdout);
    expect(shown.items.map((item: { attempts: unknown[] }) => item.attempts.length)).toEqual([
      1, 1, 1, 1, 1,
    ]);
    // Found again, not started again: its output is there once, from its beginning.
    const log = await house.muster('sessions', 'show', id, 'item-1');
    expect(log.stdout).toBe('== item-1, attempt 1 of 1, in a, 20 m, exit 0: ok\nbegun\nended\n');
    expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });

  it('says that a session is over, is unknown, or has no such item', async () => {
    const house = sessionHouse(`  nightly:
    kind: backup
    items:
${sleepers([1])}`);
    await house.muster('apply', '--with-session', 'nightly');
    const { id } = onlySession(house);
    const over = await house.muster('sessions', 'resume', id);
    expect(over.code).toBe(1);
    expect(over.stderr).toContain(`session ${id} is over: ok`);
    const unknown = await house.muster('sessions', 'stop', `${id}x`);
    expect(unknown.stderr).toContain(`no session ${id}x is recorded`);
    expect(unknown.stderr).toContain(`Did you mean "${id}"?`);
    const item = await house.muster('sessions', 'show', id, 'item-2');
    expect(item.stderr).toContain(`session ${id} has no item item-2`);
    const shown = await house.muster('sessions', 'show', id);
    expect(shown.stdout).toMatch(/a +item-1 ended: exit 0/);
    expect(shown.stdout).toMatch(/a +powered off/);
  });
});

describe('muster sessions resume, after the timer in the guests has powered them off', () => {
  it('launches workers again to learn how items ended there; none that succeeded is run twice', async () => {
    const house = sessionHouse(`  nightly:
    kind: backup
    items:
${sleepers([15, 15, 15, 15, 1], ', retries: 1')}`);
    await killedAfter(house, 5 * MINUTE, 'apply', '--with-session', 'nightly');
    const { id } = liveOne(house);
    await house.clock.sleep(90 * MINUTE);
    const told = await house.muster('sessions', 'resume', id);
    expect(told.code, told.stdout + told.stderr).toBe(0);
    const shown = JSON.parse((await house.muster('sessions', 'show', id, '--json')).stdout);
    expect(shown.items.map((item: { attempts: unknown[] }) => item.attempts.length)).toEqual([
      1, 1, 1, 1, 1,
    ]);
    expect(leftovers(house)).toEqual([]);
  });
});

describe('muster sessions stop', () => {
  it('ends what runs, powers off and marks the session interrupted, for good', async () => {
    const house = sessionHouse(`  nightly:
    kind: backup
    items:
${sleepers([60, 15, 60, 60, 60])}`);
    await killedAfter(house, 10 * MINUTE, 'apply', '--with-session', 'nightly');
    const { id } = liveOne(house);
    await house.clock.sleep(11 * MINUTE);
    const told = await house.muster('sessions', 'stop', id);
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(onlySession(house)).toMatchObject({
      outcome: 'interrupted',
      ok: 1,
      failed: 3,
      notRun: 1,
    });
    const shown = JSON.parse((await house.muster('sessions', 'show', id, '--json')).stdout);
    expect(shown.items.map(({ result }: { result: string }) => result)).toEqual([
      'stopped',
      'stopped',
      'stopped',
      'not-run',
      'ok',
    ]);
    expect(leftovers(house)).toEqual([]);
    expect((await house.muster('sessions', 'resume', id)).code).toBe(1);
  });
});

describe('a plain apply after a dead session', () => {
  it('P13 W25: leaves workers alone in which items still run, then collects their ends, powers off, marks it interrupted', async () => {
    const house = sessionHouse(`  nightly:
    kind: backup
    items:
${sleepers([15, 30, 15])}`);
    await killedAfter(house, 10 * MINUTE, 'apply', '--with-session', 'nightly');
    const { id, attempts } = liveOne(house);
    const workers = Object.values(attempts).map(([first]) => first?.worker);
    expect(workers).toEqual(['a', 'b', 'a']);
    const held = await house.muster('plan');
    expect(held.stdout).not.toContain('run-lost');

    // The short item has ended, the long one runs.
    await house.clock.sleep(11 * MINUTE);
    expect((await house.muster('status')).stdout.match(/^[ab] +Working /gm)).toHaveLength(2);
    const plan = await house.muster('plan');
    expect(plan.stdout).toContain('run-lost');
    expect(plan.stdout).toContain(`session ${id} is not over`);
    expect(plan.stdout.replace(/\s+/g, ' ')).toContain('ends it once none of its items runs');
    const first = await house.muster('apply', '--auto-approve');
    expect(first.code, first.stdout).toBe(5);
    expect(first.stdout).toContain(`item-2 of session ${id} still runs in b`);
    expect(first.stdout).toContain('0 workers left running; 1 still at work: b.');
    expect(first.stdout).toMatch(/^b +Working +pve2 .* held$/m);
    expect(first.stdout).toMatch(/b +skipped +shutdown is held: item-2 of/);
    expect(first.stdout).not.toContain('FAILED');
    expect(first.stdout.replace(/\s+/g, ' ')).toContain(`or end it: muster sessions stop ${id}`);
    expect(powers(house)).toEqual({ 9100: 'stopped', 9101: 'running' });
    expect(liveOne(house).attempts['item-1']?.[0]).toMatchObject({ result: 'ok', exitCode: 0 });

    await house.clock.sleep(12 * MINUTE);
    const second = await house.muster('apply', '--auto-approve');
    expect(second.code, second.stdout).toBe(0);
    expect(onlySession(house)).toMatchObject({ kind: 'ended', outcome: 'interrupted', ok: 3 });
    expect(leftovers(house)).toEqual([]);
    expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });

  it('4: closes one whose workers the timer in the guests powered off, and nobody else ever could (P14 W25)', async () => {
    const house = sessionHouse(`  nightly:
    kind: backup
    items:
${sleepers([15, 15, 15])}`);
    await killedAfter(house, 5 * MINUTE, 'apply', '--with-session', 'nightly');
    await house.clock.sleep(90 * MINUTE);
    const plan = await house.muster('plan');
    expect(plan.stdout).not.toContain('to power off');
    expect(powers(house)).toEqual({ 9100: 'stopped', 9101: 'stopped' });
    const told = await house.muster('apply', '--auto-approve');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(onlySession(house)).toMatchObject({ outcome: 'interrupted', failed: 3 });
    expect(leftovers(house)).toEqual([]);
    expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });
});
