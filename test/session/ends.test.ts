import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  expireToken,
  hangVm,
  loseNode,
  powerOff,
  powerOn,
  restartAgent,
  returnNode,
  stickProcesses,
} from '../../src/simulator/by-hand.ts';
import type { House } from '../support/house.ts';
import {
  interruptedAfter,
  killedAfter,
  leftovers,
  liveOne,
  MINUTE,
  meanwhile,
  onlySession,
  powers,
  sessionHouse,
  sleepers,
} from './session-house.ts';

const TOKEN = 'muster@pve!simulator';

function backup(items: string, more: string = ''): string {
  return `  nightly:
    kind: backup
${more}    items:
${items}`;
}

/** How each item ended and in how many attempts, by the session's report. */
async function outcomes(house: House): Promise<Readonly<Record<string, string>>> {
  const { id } = onlySession(house);
  const { stdout } = await house.muster('sessions', 'show', id, '--json');
  const { items } = JSON.parse(stdout) as {
    items: { item: string; result: string; attempts: unknown[] }[];
  };
  return Object.fromEntries(
    items.map(({ item, result, attempts }) => [item, `${result} ${attempts.length}`]).sort(),
  );
}

const RUN = ['apply', '--with-session', 'nightly'];

describe('a session that is interrupted', () => {
  it('P14: Ctrl-C once hands out nothing more, waits for the grace, ends the items, powers off, exits 130', async () => {
    const house = sessionHouse(backup(sleepers([20, 60, 20, 60, 20])));
    const told = await interruptedAfter(house, 10 * MINUTE, undefined, ...RUN, '--grace', '20m');
    expect(told.code, told.stdout + told.stderr).toBe(130);
    const words = told.stdout.replace(/\s+/g, ' ');
    expect(words).toMatch(
      /02:1\d:\d\d interrupted: nothing more is handed out, 4 items end in 20 m/,
    );
    expect(words).toContain('once more stops at once and leaves them on');
    expect(words).not.toContain('FAILED');
    expect(await outcomes(house)).toEqual({
      'item-1': 'ok 1',
      'item-2': 'stopped 1',
      'item-3': 'ok 1',
      'item-4': 'stopped 1',
      'item-5': 'not-run 0',
    });
    expect(onlySession(house)).toMatchObject({ kind: 'ended', outcome: 'interrupted' });
    expect(leftovers(house)).toEqual([]);
  });

  it('Ctrl-C twice stops at once; the session stays live, and resume goes on with it', async () => {
    const house = sessionHouse(backup(sleepers([20, 20])));
    const told = await interruptedAfter(
      house,
      10 * MINUTE,
      10 * MINUTE + 500,
      ...RUN,
      '--grace',
      '1h',
    );
    expect(told.code, told.stdout + told.stderr).toBe(130);
    const { id } = liveOne(house);
    expect(told.stdout).toContain(`muster sessions resume ${id}`);
    expect(told.stdout).toMatch(/interrupted, not over: 0 items ok, 2 running; 2 workers left/);
    expect(told.stdout).not.toContain('FAILED');
    expect(Object.values(powers(house))).toContain('running');
    await house.clock.sleep(11 * MINUTE);
    const again = await house.muster('sessions', 'resume', id);
    expect(again.code, again.stdout + again.stderr).toBe(0);
    expect(await outcomes(house)).toEqual({ 'item-1': 'ok 1', 'item-2': 'ok 1' });
    expect(leftovers(house)).toEqual([]);
  });
});

describe('muster sessions show of a session that is not over', () => {
  it('tells what runs, what waits and which workers are on, and offers no resume while it is led', async () => {
    const house = sessionHouse(backup(sleepers([20, 20, 20, 20, 5])));
    let during = '';
    const look = async () => {
      during = (await house.muster('sessions', 'show', liveOne(house).id)).stdout;
    };
    const told = await meanwhile(house, [[10 * MINUTE, look]], ...RUN);
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(during).toMatch(/item-1 +a .* running\n/);
    expect(during).toMatch(/item-5 +.* waiting\n/);
    expect(during).toMatch(
      /Session nightly goes on: 0 items ok, 4 running, 1 waiting; 2 workers on;/,
    );
    expect(during).toMatch(/Next +muster sessions show \S+ item-1 +its output so far/);
    expect(during).not.toMatch(/resume|FAILED|lost|ended/);
  });

  it('tells of one whose run died which workers it left on, and how to go on', async () => {
    const house = sessionHouse(backup(sleepers([20, 20])));
    await killedAfter(house, 10 * MINUTE, ...RUN);
    await house.clock.sleep(11 * MINUTE);
    const { stdout } = await house.muster('sessions', 'show', liveOne(house).id);
    expect(stdout).toMatch(/not over: 0 items ok, 2 running; 2 workers left running \(a and b\);/);
    expect(stdout).toMatch(/Next +muster sessions resume/);
    expect(stdout).not.toMatch(/FAILED|lost|ended/);
  });
});

describe('trouble in the middle of a session', () => {
  it('an agent that is restarted in the middle of an item changes nothing', async () => {
    const house = sessionHouse(backup(sleepers([20])));
    const restart = () => restartAgent(house.cluster.world, 9100);
    const told = await meanwhile(house, [[10 * MINUTE, restart]], ...RUN);
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(told.stdout).not.toContain('waiting-for-answer');
    expect(await outcomes(house)).toEqual({ 'item-1': 'ok 1' });
  });

  it('a VM that is rebooted by hand ends the attempt; the item is tried again in another worker', async () => {
    const house = sessionHouse(backup(sleepers([20, 20, 30], ', retries: 1')));
    const reboot = () => {
      powerOff(house.cluster.world, 9100);
      powerOn(house.cluster.world, 9100);
    };
    const told = await meanwhile(house, [[10 * MINUTE, reboot]], ...RUN);
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(await outcomes(house)).toEqual({ 'item-1': 'ok 2', 'item-2': 'ok 1', 'item-3': 'ok 2' });
    expect(leftovers(house)).toEqual([]);
  });

  it('a guest that hangs is given up and forced off; its items go to others, none runs twice at once', async () => {
    const house = sessionHouse(backup(sleepers([20, 20, 30], ', retries: 1')));
    const told = await meanwhile(
      house,
      [[5 * MINUTE, () => hangVm(house.cluster.world, 9100)]],
      ...RUN,
    );
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(told.stdout).toContain('item-1');
    expect(await outcomes(house)).toMatchObject({ 'item-1': 'ok 2', 'item-3': 'ok 2' });
    expect(leftovers(house)).toEqual([]);
  });

  it('an item that no signal ends is over only when its worker is off; before that it is not tried again', async () => {
    const house = sessionHouse(backup(sleepers([4], ', retries: 1, timeout: 5m')));
    const stick = () => stickProcesses(house.cluster.world, 9100);
    const seen: string[] = [];
    const look = () => {
      const attempts = liveOne(house).attempts['item-1']?.length;
      seen.push(`${powers(house)['9100']}, ${attempts} attempts`);
    };
    const looks = Array.from(
      { length: 16 },
      (_, index) => [5 * MINUTE + index * 20_000, look] as const,
    );
    const told = await meanwhile(house, [[3 * MINUTE, stick], ...looks], ...RUN);
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(new Set(seen)).toEqual(new Set(['running, 1 attempts', 'stopped, 2 attempts']));
    expect(await outcomes(house)).toEqual({ 'item-1': 'ok 2' });
    expect(leftovers(house)).toEqual([]);
  });

  it('a node that is lost: the session says what it could not end, stays live, and can be gone on with', async () => {
    const house = sessionHouse(backup(sleepers([20, 20, 20])));
    const lose = () => loseNode(house.cluster.world, 'pve2');
    const told = await meanwhile(house, [[10 * MINUTE, lose]], ...RUN);
    expect(told.code, told.stdout + told.stderr).toBe(5);
    expect(told.stdout).toContain('1 worker left running (b)');
    expect(told.stdout).toContain('muster sessions resume');
    const { id, attempts } = liveOne(house);
    expect(attempts['item-2']?.[0]?.result).toBe('running');
    returnNode(house.cluster.world, 'pve2');
    const again = await house.muster('sessions', 'resume', id);
    // Nobody saw its end, and it may not be tried again.
    expect(again.code, again.stdout + again.stderr).toBe(8);
    expect(await outcomes(house)).toEqual({
      'item-1': 'ok 1',
      'item-2': 'lost 1',
      'item-3': 'ok 1',
    });
    expect(leftovers(house)).toEqual([]);
  });

  it('P43: a token that expires in the middle ends no item and starts none twice; with a new one resume goes on', async () => {
    const house = sessionHouse(backup(sleepers([30, 30], ', retries: 2')));
    const expire = () => expireToken(house.cluster.world, TOKEN);
    const told = await meanwhile(house, [[5 * MINUTE, expire]], ...RUN);
    expect(told.code, told.stdout + told.stderr).toBe(5);
    const words = told.stdout.replace(/\s+/g, ' ');
    expect(words).toMatch(
      /02:05:\d\d a work waiting-for-answer, .{1,9} of 10 m: item-1 may go on;/,
    );
    expect(words).toContain('401 Authentication failed!');
    expect(words).toMatch(/02:1\d:\d\d a warning a could not be powered off/);
    const { id, attempts } = liveOne(house);
    expect(Object.values(attempts).map(({ length }) => length)).toEqual([1, 1]);
    const token = house.cluster.world.access.tokens[TOKEN];
    if (token !== undefined) token.expire = 0;
    const again = await house.muster('sessions', 'resume', id);
    expect(again.code, again.stdout + again.stderr).toBe(0);
    expect(await outcomes(house)).toEqual({ 'item-1': 'ok 1', 'item-2': 'ok 1' });
    expect(leftovers(house)).toEqual([]);
  });

  it('P43: after a token that was bad for long, resume learns what ended meanwhile and runs what waits', async () => {
    const house = sessionHouse(backup(sleepers([15, 15, 15, 15, 1])));
    const expire = () => expireToken(house.cluster.world, TOKEN);
    const told = await meanwhile(house, [[5 * MINUTE, expire]], ...RUN);
    expect(told.code, told.stdout + told.stderr).toBe(5);
    const { id } = liveOne(house);
    await house.clock.sleep(90 * MINUTE);
    const token = house.cluster.world.access.tokens[TOKEN];
    if (token !== undefined) token.expire = 0;
    const again = await house.muster('sessions', 'resume', id);
    expect(again.code, again.stdout + again.stderr).toBe(0);
    expect(Object.values(await outcomes(house))).toEqual(['ok 1', 'ok 1', 'ok 1', 'ok 1', 'ok 1']);
    expect(leftovers(house)).toEqual([]);
  });

  it('guards.minWorkers that breaks in the middle: nothing more is started, what runs ends, exit 6', async () => {
    const guards = '    guards: { minWorkers: 2 }\n';
    const house = sessionHouse(backup(sleepers([30, 30, 30, 5, 5, 5], ', retries: 1'), guards));
    const hang = () => hangVm(house.cluster.world, 9101);
    const told = await meanwhile(house, [[3 * MINUTE, hang]], ...RUN);
    expect(told.code, told.stdout + told.stderr).toBe(6);
    expect(told.stdout).toContain('1 of at least 2 workers were left (guards.minWorkers)');
    expect(leftovers(house)).toEqual([]);
  });
});

describe('items that fail', () => {
  it('are tried again in another worker; a time limit ends the whole group; the session ends with 8', async () => {
    const house = sessionHouse(
      backup(`      - { name: bad, run: [sh, -c, "echo store is full; exit 3"], retries: 1 }
      - { name: slow, run: [sleep, "3600"], timeout: 10m }
      - { name: good, run: [sleep, "60"] }`),
    );
    const told = await house.muster(
      ...RUN,
      '--junit',
      'session.xml',
      '--metrics-file',
      'session.prom',
    );
    expect(told.code, told.stdout + told.stderr).toBe(8);
    expect(await outcomes(house)).toEqual({ bad: 'failed 2', good: 'ok 1', slow: 'timeout 1' });
    const { id } = onlySession(house);
    const log = await house.muster('sessions', 'show', id, 'bad');
    expect(log.stdout).toMatch(/attempt 1 of 2, in (\w), .*exit 3\nstore is full\n\n.*in (?!\1)/);
    expect(leftovers(house)).toEqual([]);
    const read = (name: string): string => readFileSync(join(house.root, name), 'utf8');
    expect(read('session.xml')).toContain('<testsuite name="items" tests="3" failures="2"');
    expect(read('session.xml')).toContain('exit 3: store is full');
    expect(read('session.prom')).toContain('muster_session_success{session="nightly"} 0\n');
    expect(read('session.prom')).toContain(
      'muster_session_item_attempts{session="nightly",item="bad"} 2\n',
    );
  });
});
