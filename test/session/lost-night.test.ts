import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { House, Told } from '../support/house.ts';
import {
  killedAfter,
  leftovers,
  MINUTE,
  meanwhile,
  powers,
  sessionHouse,
  sleepers,
} from './session-house.ts';

/** Two workers with two slots each: the long items are in one of them when the runner dies after five minutes. */
const NIGHT = `  nightly:
    kind: backup
    items:
${sleepers([2, 20, 2, 20, 5, 5])}
  other:
    kind: backup
    workers: { names: [a] }
    items: [{ name: other, run: ["true"] }]
`;
const LOST = 'nightly-20261122-0200';

async function lostNight(thenMinutes: number): Promise<House> {
  const house = sessionHouse(NIGHT);
  await killedAfter(house, 5 * MINUTE, 'apply', '--with-session', 'nightly');
  await house.clock.sleep(thenMinutes * MINUTE);
  return house;
}

/** By session: its outcome, and how the last attempt of each item ended. */
async function nights(house: House) {
  const { stdout } = await house.muster('sessions', 'list', '--json');
  return (JSON.parse(stdout) as { id: string; status: string }[]).map(({ id, status }) => [
    id,
    status,
  ]);
}

describe('after a night whose runner died', () => {
  it.each([20, 24 * 60])(
    'the next one %i minutes later says what was lost and what to type, runs everything, and closes it',
    async (minutes) => {
      const house = await lostNight(minutes);
      const plan = await house.muster('plan', '--with-session', 'nightly');
      const warned =
        /Warning +session nightly-20261122-0200 is not over, and the run that led it is/;
      expect(plan.stdout).toMatch(warned);
      expect(plan.stdout).toContain(`muster sessions resume ${LOST}`);
      const next = await house.muster('apply', '--with-session', 'nightly');
      expect(next.code, next.stdout + next.stderr).toBe(0);
      expect(next.stdout).toMatch(warned);
      expect(next.stdout).toContain(`session ${LOST} was lost, and is closed as interrupted`);
      expect(next.stdout).toContain('6 items ok; 0 workers left running');
      expect((await nights(house)).map(([, status]) => status)).toEqual(['ok', 'interrupted']);
      expect(leftovers(house)).toEqual([]);
      expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
    },
  );

  it('an item that still runs is not started a second time; the others are, and resume ends what is left', async () => {
    const house = await lostNight(1);
    const next = await house.muster('apply', '--with-session', 'nightly');
    expect(next.code, next.stdout + next.stderr).toBe(8);
    expect(next.stderr).toMatch(/waiting-for-workers, .* of 15 m: a is leased by session nightly-/);
    const told = next.stdout.replace(/\s+/g, ' ');
    expect(told).toContain(
      `Not run twice at once: session ${LOST} still runs some of these items. Session nightly: 4 items ok, 2 NOT RUN`,
    );
    expect(told).toContain(`Next muster sessions resume ${LOST} go on with that`);
    expect(told).not.toMatch(/item-[24] started/);
    expect(Object.values(powers(house))).toEqual(['stopped', 'running']);
    const resumed = await house.muster('sessions', 'resume', LOST);
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
    expect(leftovers(house)).toEqual([]);
  });

  it('the next plain apply powers its workers off, closes it, and runs nothing', async () => {
    const house = await lostNight(30);
    const apply = await house.muster('apply', '--auto-approve');
    expect(apply.code, apply.stdout + apply.stderr).toBe(0);
    expect(apply.stdout.replace(/\s+/g, ' ')).toContain(`muster sessions resume ${LOST}`);
    expect(apply.stdout).toContain(`session ${LOST} was lost, and is closed as interrupted`);
    expect(leftovers(house)).toEqual([]);
    expect(await nights(house)).toEqual([[LOST, 'interrupted']]);
  });

  it('the next one without one of its workers leaves that to others', async () => {
    const house = await lostNight(24 * 60);
    const file = join(house.root, 'muster.yaml');
    const text = readFileSync(file, 'utf8');
    house.write('muster.yaml', text.replace('items:', 'workers: { names: [b] }\n    items:'));
    let other: Told | undefined;
    const begin = async () => {
      other = await house.muster('apply', '--with-session', 'other');
    };
    const next = await meanwhile(
      house,
      [[10 * MINUTE, begin]],
      ...['apply', '--with-session', 'nightly'],
    );
    expect(next.code, next.stdout + next.stderr).toBe(0);
    expect(next.stdout).toContain(`session ${LOST} was lost, and is closed as interrupted`);
    expect(other?.code, `${other?.stdout}${other?.stderr}`).toBe(0);
    expect(other?.stdout).not.toContain('waiting-for-workers');
    expect(other?.stderr).not.toContain('waiting-for-workers');
  });

  it('a session of another name, or of a few of its items, leaves it to be gone on with', async () => {
    const house = await lostNight(30);
    for (const argv of [
      ['--with-session', 'other'],
      ['--with-session', 'nightly', '--item', 'item-1'],
    ])
      expect((await house.muster('apply', ...argv)).code).toBe(0);
    expect(await nights(house)).toContainEqual([LOST, 'lost']);
    const resumed = await house.muster('sessions', 'resume', LOST);
    expect(resumed.code, resumed.stdout + resumed.stderr).toBe(0);
    expect(leftovers(house)).toEqual([]);
  });
});
