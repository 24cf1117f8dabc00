import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { htmlResult } from '../../src/report/html/html-result.ts';
import { htmlSession } from '../../src/report/html/html-session.ts';
import { driftPlan } from '../report/plans.ts';
import { ATTACKS } from '../report/scenarios.ts';
import { type House, openHouse } from '../support/house.ts';
import { openStage, type Stage } from './stage.ts';

const QUICKSTART = join(import.meta.dirname, '../../examples/quickstart');
const PAGES = {
  apply: ['apply', '--test', '--auto-approve', '--format', 'html'],
  'session-plan': ['plan', '--with-session', 'nightly', '--format', 'html'],
  session: ['apply', '--with-session', 'nightly', '--format', 'html'],
} as const;
type Name = keyof typeof PAGES;

let stage: Stage;
const pages = new Map<string, string>();
const evaluate = (expression: string) => stage.page.evaluate(expression);
const html = (name: Name) => pages.get(name) ?? '';

function house(): House {
  const files = ['muster.yaml', 'scripts/backup-vm'].map((path) => [
    path,
    readFileSync(join(QUICKSTART, path), 'utf8'),
  ]);
  return openHouse({ files: Object.fromEntries(files), env: { PBS_PASSWORD: 'x' } });
}

beforeAll(async () => {
  stage = await openStage();
  const home = house();
  for (const [name, argv] of Object.entries(PAGES)) {
    const told = await home.muster(...argv);
    expect([name, told.code, told.stderr]).toEqual([name, 0, expect.any(String)]);
    pages.set(name, told.stdout);
  }
});
afterAll(() => stage.close());

describe.each(['apply', 'session-plan', 'session'] as const)('the page of a real %s', (name) => {
  it('loads nothing, and complains of nothing', async () => {
    await stage.show(html(name));
    expect(stage.requests()).toEqual([]);
    expect(stage.complaints()).toBe('[]');
  });

  it('has a bar for every step, in the order and to the scale of their times', async () => {
    await stage.show(html(name));
    const bars = (await evaluate(
      "[...document.querySelectorAll('.lane')].map((lane) => [...lane.querySelectorAll('.line rect')].map((bar) => { const at = bar.getBoundingClientRect(), of = bar.ownerSVGElement.getBoundingClientRect(); return [(at.left - of.left) / of.width, (at.right - of.left) / of.width]; }))",
    )) as readonly (readonly (readonly [number, number])[])[];
    expect(bars).toHaveLength(3);
    for (const lane of bars) {
      expect(lane.length).toBeGreaterThan(2);
      const starts = lane.map(([start]) => start);
      expect(starts).toEqual([...starts].sort((a, b) => a - b));
      for (const [start, end] of lane) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(1.01);
      }
    }
    const latest = Math.max(...bars.flat().map(([, end]) => end));
    expect(latest).toBeGreaterThan(0.8);
  });

  it.each(['light', 'dark'] as const)('can be read in %s', async (scheme) => {
    await stage.show(html(name), 1200, scheme);
    await stage.openAll();
    await stage.shoot(`${name}-${scheme}`);
    expect(await stage.contrast()).toBeGreaterThanOrEqual(4.5);
  });

  it('fits on a phone without scrolling sideways', async () => {
    await stage.show(html(name), 360);
    await stage.openAll();
    await stage.shoot(`phone-${name}`);
    expect(await evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });

  it('is filtered from the keyboard', async () => {
    await stage.show(html(name));
    const all = (await stage.shown()) as readonly string[];
    await stage.press('/', 'Slash', 191);
    await stage.page.send('Input.insertText', { text: all[1] ?? '' });
    expect(await stage.shown()).toEqual([all[1]]);
    await stage.press('Escape', 'Escape', 27);
    expect(await stage.shown()).toEqual(all);
  });
});

describe('the page of an apply', () => {
  it('lists what was planned below, which the filter leaves alone', async () => {
    await stage.show(html('apply'));
    expect(await evaluate("document.querySelectorAll('.planned').length")).toBe(3);
    expect(await evaluate("document.querySelector('.lane').textContent")).toContain('powered off');
  });

  it('lets no text of a guest become an element', async () => {
    const done = { actions: ['update'], status: 'Shut Down', tookMs: 1 } as const;
    const outcomes = ATTACKS.map((text) => ({
      ...done,
      worker: text,
      node: text,
      result: 'failed' as const,
      error: text,
      detail: [text],
      remedy: text,
    }));
    const events = ATTACKS.flatMap((text, at) => [
      {
        kind: 'step-done' as const,
        at,
        worker: text,
        action: 'test' as const,
        step: text,
        message: text,
      },
      {
        kind: 'action-failed' as const,
        at,
        worker: text,
        action: 'test' as const,
        tookMs: 1,
        error: text,
      },
      { kind: 'skipped' as const, at, worker: text, why: text },
    ]);
    const result = {
      run: ATTACKS[5] ?? '',
      outcomes,
      interrupted: false,
      leftRunning: ATTACKS,
      tookMs: 1,
    };
    const view = { state: { where: ATTACKS[5] ?? '', serial: 41 }, program: 'muster' };
    await stage.show(htmlResult(result, driftPlan(), events, view), 360);
    expect(await evaluate("document.querySelectorAll('script').length")).toBe(1);
    expect(
      await evaluate("document.querySelectorAll('img,iframe,a,link,form,object').length"),
    ).toBe(0);
    expect(await evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });
});

describe('the page of a session that failed', () => {
  it('has what failed first, and its last words as text', async () => {
    const attempt = { worker: 'w', node: 'n', place: 'same-node', start: 0, end: 9e4 } as const;
    const items = ATTACKS.map((item) => ({
      item,
      result: 'failed' as const,
      attempts: [attempt, { ...attempt, start: 1e5, end: 2e5, exitCode: 3, lastLine: item }],
    }));
    const page = htmlSession(
      {
        id: 'nightly-1',
        kind: 'backup',
        startedAt: 0,
        tookMs: 2e5,
        outcome: 'failed',
        items,
        workers: [],
        repositories: {},
        leftRunning: ATTACKS,
      },
      { project: 'p', environment: '', program: 'muster' },
    );
    await stage.show(page, 360);
    await stage.shoot('phone-session-failed');
    expect(await evaluate("document.querySelectorAll('script,img,iframe,a').length")).toBe(1);
    expect(await evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    expect(await evaluate("document.querySelector('.danger').textContent")).toContain(
      'Left running',
    );
  });
});
