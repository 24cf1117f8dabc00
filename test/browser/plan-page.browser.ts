import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { htmlPlan } from '../../src/report/html/html-plan.ts';
import { driftPlan, planOf } from '../report/plans.ts';
import { SCENARIOS, savedOf } from '../report/scenarios.ts';
import { openStage, type Stage } from './stage.ts';

let stage: Stage;
const evaluate = (expression: string) => stage.page.evaluate(expression);

async function show(plan: Plan, width = 1200, scheme: 'light' | 'dark' = 'light'): Promise<void> {
  const state = { where: 'muster.state.json', serial: 41 };
  await stage.show(htmlPlan(savedOf(plan), { state }), width, scheme);
}

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

describe('the page of a plan, in Chromium', () => {
  it('runs its own script, and loads nothing', async () => {
    await show(driftPlan());
    expect(await evaluate("document.getElementById('shown').textContent")).toBe('7 of 7 shown');
    expect(await evaluate('getComputedStyle(document.body).maxWidth')).toBe('1200px');
    expect(stage.requests()).toEqual([]);
    await stage.shoot('light');
  });

  it('without anything to do has nothing to filter, and no error', async () => {
    await show(SCENARIOS['nothing-to-do']?.() ?? planOf());
    expect(await stage.shown()).toEqual([]);
    await stage.press('/', 'Slash', 191);
    expect(stage.complaints()).toBe('[]');
  });

  it('is filtered from the keyboard alone', async () => {
    await show(driftPlan());
    await stage.press('/', 'Slash', 191);
    await stage.page.send('Input.insertText', { text: 'pve3 nightly' });
    expect(await stage.shown()).toEqual([]);
    await stage.press('Escape', 'Escape', 27);
    await stage.page.send('Input.insertText', { text: 'PVE3' });
    expect(await stage.shown()).toEqual(['backup-old', 'backup-pve3']);
    await stage.press('Escape', 'Escape', 27);
    await stage.press('Tab', 'Tab', 9);
    await stage.press('Enter', 'Enter', 13);
    expect(await stage.shown()).toEqual(['backup-old']);
    expect(await evaluate('document.activeElement.getAttribute("aria-pressed")')).toBe('true');
    expect(await evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    await stage.shoot('keyboard');
  });

  it.each(['light', 'dark'] as const)(
    'can be read in %s: every text has a contrast of 4.5',
    async (scheme) => {
      await show(driftPlan(), 1200, scheme);
      await stage.openAll();
      await stage.shoot(`open-${scheme}`);
      expect(await stage.contrast()).toBeGreaterThanOrEqual(4.5);
    },
  );

  it.each(['drift-replace-destroy', 'hostile', 'long-text'])(
    'fits on a phone without scrolling sideways: %s',
    async (name) => {
      await show(SCENARIOS[name]?.() ?? planOf(), 360);
      await stage.openAll();
      await stage.shoot(`phone-${name}`);
      expect(await evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    },
  );

  it('lets no text of a hostile plan become an element, a script or a request', async () => {
    await show(SCENARIOS.hostile?.() ?? planOf());
    expect(await evaluate("document.querySelectorAll('script').length")).toBe(1);
    expect(
      await evaluate("document.querySelectorAll('img,iframe,a,link,form,object').length"),
    ).toBe(0);
    expect(await evaluate("document.querySelectorAll('.worker').length")).toBe(14);
    const dialogs = stage.page.events.filter(
      ({ method }) => method === 'Page.javascriptDialogOpening',
    );
    expect(dialogs).toEqual([]);
  });

  it('would not run a script that somebody brought in: the policy refuses it', async () => {
    await show(driftPlan());
    await evaluate(
      "window.ran = false; const s = document.createElement('script'); s.textContent = 'window.ran = true'; document.body.append(s); const i = new Image(); i.src = 'https://evil.example/x.png'",
    );
    expect(await evaluate('window.ran')).toBe(false);
    expect(stage.complaints()).toContain('Content Security Policy');
  });
});
