import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { validatePlan } from '../../src/generated/validate-plan.js';
import type { SavedPlan } from '../../src/model/plan.ts';
import { deleteVm } from '../../src/simulator/by-hand.ts';
import type { House } from '../support/house.ts';
import { leftovers, onlySession, powers, sessionHouse } from './session-house.ts';

const NIGHTLY = `  nightly:
    kind: backup
    workers: { names: [a, b] }
    env: { PASSWORD: "\${secret.STORE_PASSWORD}" }
    items:
      - forEachVm: { vmids: [101, 104] }
        name: "vm-\${vm.id}"
        run: [sleep, "60"]
`;

const SECRET = 'correct-horse-battery';

async function saved(): Promise<{ readonly house: House; readonly plan: SavedPlan }> {
  const house = sessionHouse(NIGHTLY, { env: { STORE_PASSWORD: SECRET } });
  const told = await house.muster('plan', '--with-session', 'nightly', '--out', 's.plan');
  expect(told.code, told.stderr).toBe(0);
  const plan: SavedPlan = JSON.parse(readFileSync(join(house.root, 's.plan'), 'utf8'));
  expect(told.stdout).toContain(`Saved    s.plan   review digest ${digestOf(plan)}`);
  return { house, plan };
}

function digestOf({ plan }: SavedPlan): string {
  return plan.reviewDigest.slice(0, 16);
}

describe('a saved plan with a session', () => {
  it('is whole: it verifies, is shown in every format of a session, and holds no secret (P17)', async () => {
    const { house, plan } = await saved();
    expect(validatePlan(JSON.parse(JSON.stringify(plan)))).toEqual([]);
    expect(JSON.stringify(plan)).toContain('${secret.STORE_PASSWORD}');
    expect(JSON.stringify(plan)).not.toContain(SECRET);
    const text = await house.muster('show', 's.plan');
    expect(text.stdout).toContain('Session  nightly: backup, 2 items, 2 workers');
    const markdown = await house.muster('show', 's.plan', '--format', 'markdown');
    expect(markdown.stdout).toContain(`--expect-digest ${digestOf(plan)}`);
    expect(JSON.parse((await house.muster('show', 's.plan', '--json')).stdout)).toEqual(plan);
    const html = await house.muster('show', 's.plan', '--format', 'html');
    expect(html.stdout).toContain('<!doctype html>');
    const gitlab = await house.muster('show', 's.plan', '--format', 'gitlab');
    expect(gitlab.code).toBe(1);
    expect(gitlab.stderr).toContain('one of text, markdown, json, html');
  });

  it('runs what was reviewed, whatever the declaration says by now, and only once', async () => {
    const { house } = await saved();
    house.write(
      'muster.yaml',
      readFileSync(join(house.root, 'muster.yaml'), 'utf8').replace('sleep, "60"', '"false"'),
    );
    const told = await house.muster('apply', 's.plan');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(onlySession(house)).toMatchObject({ outcome: 'ok', ok: 2, name: 'nightly' });
    expect(leftovers(house)).toEqual([]);
    const again = await house.muster('apply', 's.plan');
    expect(again.code).toBe(3);
    expect(again.stderr).toContain('carried s.plan out already: ok');
    expect(onlySession(house)).toMatchObject({ kind: 'ended' });
  });

  it('is stale when a VM that it is about is gone: exit 3, nothing is powered on', async () => {
    const { house } = await saved();
    deleteVm(house.cluster.world, 104);
    const told = await house.muster('apply', 's.plan');
    expect(told.code).toBe(3);
    expect(told.stderr).toContain('vm 104 (mail) is not there any more');
    expect(powers(house)).toEqual({});
  });

  it('is stale when one of its workers was put into quarantine since: exit 3, and the command that plans again', async () => {
    const house = sessionHouse(NIGHTLY, { env: { STORE_PASSWORD: SECRET } });
    await house.muster('apply', '--auto-approve');
    await house.muster('plan', '--with-session', 'nightly', '--out', 's.plan');
    await house.muster('quarantine', 'a', '--note', 'disk', '--until', '2h');
    const told = await house.muster('apply', 's.plan');
    expect(told.code, told.stderr).toBe(3);
    expect(told.stderr).toContain('a: it is held now: quarantined');
    expect(told.stderr).toContain('muster plan --with-session nightly --out s.plan');
    expect(told.stderr).not.toContain('--exclude');
    expect(powers(house)).toEqual({});
  });

  it('is the same for the same input, and another one for other work', async () => {
    const { house, plan } = await saved();
    const expected = ['apply', '--with-session', 'nightly', '--expect-digest'];
    const asReviewed = readFileSync(join(house.root, 'muster.yaml'), 'utf8');
    house.write('muster.yaml', asReviewed.replace('"60"', '"61"'));
    const other = await house.muster(...expected, digestOf(plan));
    expect(other.code).toBe(3);
    expect(other.stderr).toContain('what would be done now is not what was reviewed');
    expect(powers(house)).toEqual({});
    house.write('muster.yaml', asReviewed);
    deleteVm(house.cluster.world, 107);
    await house.clock.sleep(3_600_000);
    const told = await house.muster(...expected, digestOf(plan));
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(onlySession(house)).toMatchObject({ kind: 'ended', ok: 2 });
  });

  it('that would be refused is not saved', async () => {
    const house = sessionHouse(NIGHTLY.replace('vmids: [101, 104]', 'pool: nothing-there'));
    const told = await house.muster('plan', '--with-session', 'nightly', '--out', 's.plan');
    expect(told.code).toBe(6);
    expect(told.stdout).not.toContain('Saved');
    expect(() => readFileSync(join(house.root, 's.plan'))).toThrow('ENOENT');
  });
});

describe('a saved plan', () => {
  it('with a session is run as a whole; one without takes no flag of a session', async () => {
    const { house } = await saved();
    await house.muster('plan', '--out', 'w.plan');
    for (const [file, flag, value, message] of [
      ['s.plan', '--target', 'a', 'a saved session is run as a whole'],
      ['s.plan', '--item', 'vm-101', 'a saved session is run as a whole'],
      ['w.plan', '--grace', '5m', '--grace belongs to a session, and none is asked for'],
    ] as const) {
      const told = await house.muster('apply', file, flag, value);
      expect(told.code).toBe(1);
      expect(told.stderr).toContain(message);
    }
    expect(powers(house)).toEqual({});
  });
});
