import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deleteVm } from '../../src/simulator/by-hand.ts';
import type { House } from '../support/house.ts';
import { leftovers, onlySession, powers, sessionHouse, sleepers } from './session-house.ts';

const SECRET = 'correct-horse-battery';

const WITH_SECRET = `  nightly:
    kind: backup
    env: { STORE_PASSWORD: "\${secret.STORE_PASSWORD}" }
    items:
      - { name: one, run: [sh, -c, "test -n $STORE_PASSWORD && echo has it"] }
`;

/** Text of all files below a folder. */
function textsIn(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
}

function hasNoVm(house: House): boolean {
  return Object.keys(powers(house)).length === 0;
}

describe('secrets of a session', () => {
  it('P17: reach the item, and stand in no argument, state, plan, log or output', async () => {
    const house = sessionHouse(WITH_SECRET, { env: { STORE_PASSWORD: SECRET } });
    const plan = await house.muster('plan', '--with-session', 'nightly', '--format=json');
    const told = await house.muster('apply', '--with-session', 'nightly', '--verbose');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    const { id } = onlySession(house);
    const log = await house.muster('sessions', 'show', id, 'one');
    expect(log.stdout).toContain('has it');
    const journal = JSON.stringify(house.cluster.journal());
    expect(journal).toContain('muster-supervise/1');
    for (const text of [plan.stdout, told.stdout, told.stderr, textsIn(house.root), journal])
      expect(text).not.toContain(SECRET);
    const { vms, volumes } = house.cluster.world;
    expect(JSON.stringify([vms, volumes])).not.toContain(SECRET);
  });

  it('one that is not set is told before anything is powered on', async () => {
    const house = sessionHouse(WITH_SECRET);
    const told = await house.muster('apply', '--with-session', 'nightly');
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('use the secret STORE_PASSWORD, which is not set');
    expect(hasNoVm(house)).toBe(true);
  });
});

describe('what is asked for', () => {
  const SOME = `  nightly:
    kind: backup
    items:
${sleepers([1, 1, 1])}
  empty:
    kind: backup
    items: [{ forEachVm: { pool: nowhere }, name: "vm-\${vm.id}", run: [backup] }]
  gone:
    kind: backup
    items: [{ forEachVm: { vmids: [101] }, name: "vm-\${vm.id}", run: [sleep, "1"] }]
`;

  it('only some items are run with --item, and the next run takes all again', async () => {
    const house = sessionHouse(SOME);
    const told = await house.muster('apply', '--with-session', 'nightly', '--item', 'item-2');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(onlySession(house)).toMatchObject({ ok: 1, notRun: 0 });
    const unknown = await house.muster('apply', '--with-session', 'nightly', '--item', 'item-9');
    expect(unknown.code).toBe(1);
    expect(unknown.stderr).toContain('item-9');
  });

  it('an ad hoc session runs one command once in each of its workers, literally', async () => {
    const house = sessionHouse(SOME);
    const words = ['--', 'echo', '${vm.id}', '--run', 'a b'];
    const told = await house.muster('apply', '--run', 'restore', '--workers', 'a,b', ...words);
    expect(told.code, told.stdout + told.stderr).toBe(0);
    const session = onlySession(house);
    expect(session).toMatchObject({ kind: 'ended', work: 'restore', ok: 2 });
    expect(session.name).toBeUndefined();
    const log = await house.muster('sessions', 'show', session.id, 'a');
    expect(log.stdout).toContain('${vm.id} --run a b\n');
    expect(leftovers(house)).toEqual([]);
    const unknown = await house.muster(
      'apply',
      '--run',
      'backup',
      '--workers',
      'zebra',
      '--',
      'true',
    );
    expect(unknown.stderr).toContain(
      'session backup-by-hand names the worker "zebra", which is not',
    );
    expect(unknown.stderr).toContain('Declared are: a, b.');
    expect(unknown.stderr).not.toContain('muster.yaml');
    const bad = await house.muster('apply', '--run', 'backup', '--workers', 'a');
    expect(bad.code).toBe(1);
    expect(bad.stderr).toContain('muster apply --run backup --workers a,b -- COMMAND');
  });

  it.each([
    ['nightyl', 1, 'there is no session "nightyl"'],
    ['empty', 6, 'session empty has 0 of at least 1 items'],
    ['gone', 1, 'vm 101 does not exist'],
  ])('%s ends with %i before anything is powered on, and says: %s', async (name, code, message) => {
    const house = sessionHouse(SOME);
    deleteVm(house.cluster.world, 101);
    const told = await house.muster('apply', '--with-session', name);
    expect(told.code).toBe(code);
    expect(told.stderr).toContain(message);
    expect(hasNoVm(house)).toBe(true);
    expect(existsSync(join(house.root, '.muster/sessions'))).toBe(false);
  });
});

describe('a session that selects nobody', () => {
  it('is a mistake of the declaration, shown where it stands', async () => {
    const house = sessionHouse(`  nobody:
    kind: backup
    workers: { labels: { site: three } }
    items:
${sleepers([1])}
`);
    const told = await house.muster('apply', '--with-session', 'nobody');
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('no declared worker bears these labels');
    expect(told.stderr).toContain('The cluster was not contacted');
  });
});

describe('reports of a session', () => {
  it('Markdown and JSON: one document on stdout', async () => {
    const house = sessionHouse(`  nightly:
    kind: backup
    items:
      - { name: bad, run: [sh, -c, "echo full; exit 3"] }
      - { name: good, run: [sleep, "60"] }
`);
    const planned = await house.muster('plan', '--with-session', 'nightly', '--format', 'markdown');
    expect(planned.stdout).toMatch(/^<!-- muster:session project=test environment= -->\n/);
    expect(planned.stdout).toContain('title nightly as predicted');
    const markdown = await house.muster(
      'apply',
      '--with-session',
      'nightly',
      '--format',
      'markdown',
    );
    expect(markdown.code).toBe(8);
    expect(markdown.stdout).toMatch(/^<!-- muster:session project=test environment= -->\n/);
    expect(markdown.stdout).toContain(':x: 1 item ok, 1 not');
    expect(markdown.stdout).toContain('| `bad` |');
    expect(markdown.stdout).toContain('```mermaid\ngantt\n');
    const json = await house.muster('apply', '--with-session', 'nightly', '--json');
    const lines = json.stdout
      .trim()
      .split('\n')
      .map((line): Readonly<Record<string, unknown>> => JSON.parse(line));
    expect(lines.slice(0, 2)).toMatchObject([{ type: 'version' }, { type: 'session_plan' }]);
    for (const line of lines)
      expect(line).toMatchObject({ '@module': 'muster', '@message': expect.any(String) });
    expect(lines.at(-1)).toMatchObject({
      type: 'session_result',
      result: { format: 1, document: 'muster-session', outcome: 'failed' },
    });
  });
});
