import { describe, expect, it } from 'vitest';
import type { House } from '../support/house.ts';
import {
  interruptedAfter,
  killedAfter,
  leftovers,
  MINUTE,
  meanwhile,
  sessionHouse,
  sleepers,
} from './session-house.ts';

function session(name: string, workers: string, items: string, more: string = ''): string {
  return `  ${name}:
    kind: backup
    workers: ${workers}
${more}    items:
${items}
`;
}

const TWO =
  session('first', '{ names: [a] }', sleepers([20, 20])) +
  session('second', '{ names: [b] }', sleepers([10, 10]));

/** Ends of all sessions, by name. */
function ends(house: House): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.values(house.state().sessions).map((each) => [
      each.name ?? each.id,
      each.kind === 'live' ? 'live' : each.outcome,
    ]),
  );
}

describe('two sessions at once', () => {
  it('P7: with different workers they run side by side', async () => {
    const house = sessionHouse(TWO);
    const [first, second] = await Promise.all([
      house.muster('apply', '--with-session', 'first'),
      house.muster('apply', '--with-session', 'second'),
    ]);
    expect([first.code, second.code], first.stderr + second.stderr).toEqual([0, 0]);
    expect(ends(house)).toEqual({ first: 'ok', second: 'ok' });
    expect(leftovers(house)).toEqual([]);
  });

  it('one that names a worker in use is refused before anything is powered on: exit 4, and who holds it', async () => {
    const house = sessionHouse(TWO + session('third', '{ names: [a, b] }', sleepers([1])));
    const told: { code: number; stderr: string }[] = [];
    const third = async (): Promise<void> => {
      told.push(await house.muster('apply', '--with-session', 'third'));
    };
    const first = await meanwhile(house, [[5 * MINUTE, third]], 'apply', '--with-session', 'first');
    expect(first.code).toBe(0);
    expect(told[0]?.code).toBe(4);
    expect(told[0]?.stderr).toContain('a, which session third names, is leased by session first-');
    expect(ends(house)).toEqual({ first: 'ok' });
    expect(Object.values(house.state().workers).filter(({ vm }) => vm !== undefined)).toHaveLength(
      1,
    );
  });

  it('one that may wait gets the worker as soon as the other is done with it', async () => {
    const guards = '    guards: { waitForWorkers: 1h }\n';
    const house = sessionHouse(TWO + session('third', '{ names: [a] }', sleepers([1]), guards));
    const told: { code: number; stderr: string }[] = [];
    const third = async (): Promise<void> => {
      told.push(await house.muster('apply', '--with-session', 'third'));
    };
    await meanwhile(house, [[5 * MINUTE, third]], 'apply', '--with-session', 'first');
    while (told.length === 0) await house.clock.sleep(10_000);
    expect(told[0]?.code).toBe(0);
    expect(told[0]?.stderr).toMatch(
      /^waiting-for-workers, .* of 1 h: a is leased by session first-/,
    );
    expect(ends(house)).toEqual({ first: 'ok', third: 'ok' });
    expect(leftovers(house)).toEqual([]);
  });

  it('a plan for one that has no worker predicts nothing, and leaves no deploy to an apply that would do none', async () => {
    const house = sessionHouse(TWO);
    await house.muster('apply', '--auto-approve');
    const plans: string[] = [];
    const plan = async (): Promise<void> => {
      plans.push((await house.muster('plan', '--with-session', 'first')).stdout);
    };
    await meanwhile(house, [[5 * MINUTE, plan]], 'apply', '--with-session', 'first');
    expect(plans[0]).toContain('Refused: nothing would be powered on.');
    expect(plans[0]).not.toMatch(/^(Start|Total)/m);
    expect(plans[0]).not.toContain('left for "muster apply"');
  });

  it('one that is interrupted while it waits has done nothing and ends with 130', async () => {
    const guards = '    guards: { waitForWorkers: 1h }\n';
    const house = sessionHouse(TWO + session('third', '{ names: [a] }', sleepers([1]), guards));
    const told: { code: number; stderr: string }[] = [];
    const third = async (): Promise<void> => {
      told.push(
        await interruptedAfter(house, 61_000, undefined, 'apply', '--with-session', 'third'),
      );
    };
    await meanwhile(house, [[5 * MINUTE, third]], 'apply', '--with-session', 'first');
    while (told.length === 0) await house.clock.sleep(10_000);
    expect(told[0]?.code, told[0]?.stderr).toBe(130);
    expect(ends(house)).toEqual({ first: 'ok' });
  });

  it('W25: a worker that another session gives back joins one that still has items waiting', async () => {
    const guards = '    guards: { waitForWorkers: 2h }\n';
    const all = session('all', '{}', sleepers([30, 30, 30, 30, 30, 30]), guards);
    const house = sessionHouse(TWO + all);
    const codes: number[] = [];
    const whole = async (): Promise<void> => {
      codes.push((await house.muster('apply', '--with-session', 'all')).code);
    };
    await meanwhile(house, [[5 * MINUTE, whole]], 'apply', '--with-session', 'first');
    while (codes.length === 0) await house.clock.sleep(10_000);
    expect(codes).toEqual([0]);
    const { stdout } = await house.muster('sessions', 'list', '--json');
    const [line] = JSON.parse(stdout) as { name: string; workers: number; ok: number }[];
    expect(line).toMatchObject({ name: 'all', workers: 2, ok: 6 });
    expect(leftovers(house)).toEqual([]);
  });

  it('W17: a limit of a repository holds over both: never more items than it takes', async () => {
    const pbs = ', repository: pbs';
    const house = sessionHouse(
      session('first', '{ names: [a] }', sleepers([10, 10], pbs)) +
        session('second', '{ names: [b] }', sleepers([10, 10], pbs)),
    );
    const runs = ['first', 'second'].map((name) => house.muster('apply', '--with-session', name));
    for (const { code, stdout } of await Promise.all(runs)) expect(code, stdout).toBe(0);
    const spans: (readonly [number, number])[] = [];
    for (const { id } of Object.values(house.state().sessions)) {
      const { stdout } = await house.muster('sessions', 'show', id, '--json');
      const result = JSON.parse(stdout) as {
        startedAt: number;
        items: { attempts: { start: number; end: number }[] }[];
      };
      for (const { attempts } of result.items)
        for (const { start, end } of attempts)
          spans.push([result.startedAt + start, result.startedAt + end]);
    }
    spans.sort(([a], [b]) => a - b);
    expect(spans).toHaveLength(4);
    for (const [index, [start]] of spans.slice(1).entries())
      expect(start).toBeGreaterThanOrEqual(spans[index]?.[1] ?? 0);
  });
});

describe('plan and apply while a session runs', () => {
  it('5 W16: changes to a leased worker are held until its session ends, those of idle ones are made', async () => {
    const house = sessionHouse(TWO);
    await house.muster('apply', '--test', '--auto-approve');
    const told: { code: number; stdout: string }[] = [];
    const change = async (): Promise<void> => {
      const old = 'slots: 2, labels';
      const text = (await import('node:fs')).readFileSync(`${house.root}/muster.yaml`, 'utf8');
      house.write('muster.yaml', text.replaceAll(old, 'slots: 2, memory: 8GiB, labels'));
      told.push(await house.muster('plan'));
      told.push(await house.muster('apply', '--auto-approve'));
    };
    const first = await meanwhile(
      house,
      [[5 * MINUTE, change]],
      'apply',
      '--with-session',
      'first',
    );
    expect(first.code, first.stdout + first.stderr).toBe(0);
    expect(told[0]?.stdout).toMatch(/\? +a +update .*held: leased by session first-/);
    expect(told[0]?.stdout).toMatch(
      /waiting: memory .*; expected to end at 2026-11-22 02:\d\d UTC/,
    );
    expect(told[1]?.code, told[1]?.stdout).toBe(5);
    expect(told[1]?.stdout).toMatch(/^a +Working .* update: held$/m);
    const memory = (vmid: number) => house.cluster.world.vms[String(vmid)]?.config.memory;
    expect([memory(9100), memory(9101)]).toEqual(['4096', '8192']);
    expect((await house.muster('apply', '--auto-approve')).code).toBe(0);
    expect([memory(9100), memory(9101)]).toEqual(['8192', '8192']);
  });

  it('a worker in quarantine is left out until it is released', async () => {
    const house = sessionHouse(session('all', '{}', sleepers([1])));
    await house.muster('apply', '--auto-approve');
    const note = await house.muster('quarantine', 'a');
    expect(note.code).toBe(1);
    const marked = await house.muster('quarantine', 'a', '--note', 'disk fails', '--until', '3d');
    expect(marked.code, marked.stderr).toBe(0);
    expect(marked.stdout).toContain('quarantined: a until 2026-11-25');
    expect((await house.muster('quarantine', 'x', '--note', 'y')).stderr).toContain(
      'holds no worker x',
    );
    const past = await house.muster('quarantine', 'a', '--note', 'y', '--until', '2020-01-01');
    expect(past.stderr).toContain('is in the past');
    const plan = await house.muster('plan', '--with-session', 'all');
    expect(plan.stdout).toMatch(/a +left out +on pve1 +quarantined: ci@runner: disk fails/);
    expect((await house.muster('release', 'a')).stdout).toContain('released: a');
    expect((await house.muster('plan', '--with-session', 'all')).stdout).not.toContain('left out');
  });

  it('a worker in which an item of a dead session runs is left out of another session, and not powered off', async () => {
    const house = sessionHouse(
      session('first', '{ names: [a] }', sleepers([60])) + session('all', '{}', sleepers([1])),
    );
    await killedAfter(house, 5 * MINUTE, 'apply', '--with-session', 'first');
    await house.clock.sleep(11 * MINUTE);
    const told = await house.muster('apply', '--with-session', 'all');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    const { power } = house.cluster.world.vms['9100'] ?? {};
    expect(power?.status).toBe('running');
    expect(
      Object.values(house.state().sessions)
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['ended', 'live']);
    expect(liveOneOf(house, 'first')).toBe('running');
  });
});

function liveOneOf(house: House, name: string): string | undefined {
  const session = Object.values(house.state().sessions).find((each) => each.name === name);
  return session?.kind === 'live' ? session.attempts['item-1']?.at(-1)?.result : undefined;
}
