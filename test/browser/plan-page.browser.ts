import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { htmlPlan } from '../../src/report/html/html-plan.ts';
import { driftPlan, planOf } from '../report/plans.ts';
import { SCENARIOS, savedOf } from '../report/scenarios.ts';
import { openPage, type Page } from './chromium.ts';

const SHOTS = join(import.meta.dirname, '../../reports/browser');
const folder = mkdtempSync(join(tmpdir(), 'muster-page-'));
let page: Page;

async function show(plan: Plan, width = 1200, scheme: 'light' | 'dark' = 'light'): Promise<void> {
  const file = join(folder, 'plan.html');
  const state = { where: 'muster.state.json', serial: 41 };
  writeFileSync(file, htmlPlan(savedOf(plan), { state }));
  const metrics = { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 };
  await page.send('Emulation.setDeviceMetricsOverride', metrics);
  const features = [{ name: 'prefers-color-scheme', value: scheme }];
  await page.send('Emulation.setEmulatedMedia', { features });
  await page.open(`file://${file}`);
}

async function shoot(name: string): Promise<void> {
  const { data } = await page.send('Page.captureScreenshot', { captureBeyondViewport: true });
  mkdirSync(SHOTS, { recursive: true });
  writeFileSync(join(SHOTS, `${name}.png`), Buffer.from(String(data), 'base64'));
}

async function press(key: string, code = key, keyCode = 0): Promise<void> {
  const text = key.length === 1 ? { text: key } : key === 'Enter' ? { text: '\r' } : {};
  const event = { key, code, windowsVirtualKeyCode: keyCode };
  await page.send('Input.dispatchKeyEvent', { type: 'keyDown', ...event, ...text });
  await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
}

const shown = () =>
  page.evaluate(
    "[...document.querySelectorAll('.worker')].filter((each) => !each.hidden).map((each) => each.querySelector('th').textContent)",
  );

beforeAll(async () => {
  page = await openPage();
});
afterAll(async () => {
  await page.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('the page of a plan, in Chromium', () => {
  it('runs its own script, and loads nothing', async () => {
    await show(driftPlan());
    expect(await page.evaluate("document.getElementById('shown').textContent")).toBe(
      '7 of 7 shown',
    );
    expect(await page.evaluate('getComputedStyle(document.body).maxWidth')).toBe('1200px');
    const urls = page.events
      .filter(({ method }) => method === 'Network.requestWillBeSent')
      .map(({ params }) => (params.request as { readonly url: string }).url);
    expect(urls.filter((url) => !url.startsWith('file:'))).toEqual([]);
    await shoot('light');
  });

  it('is filtered from the keyboard alone', async () => {
    await show(driftPlan());
    await press('/', 'Slash', 191);
    await page.send('Input.insertText', { text: 'pve3 nightly' });
    expect(await shown()).toEqual([]);
    await press('Escape', 'Escape', 27);
    await page.send('Input.insertText', { text: 'PVE3' });
    expect(await shown()).toEqual(['backup-old', 'backup-pve3']);
    await press('Escape', 'Escape', 27);
    await press('Tab', 'Tab', 9);
    await press('Enter', 'Enter', 13);
    expect(await shown()).toEqual(['backup-old']);
    expect(await page.evaluate('document.activeElement.getAttribute("aria-pressed")')).toBe('true');
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe(
      'solid',
    );
  });

  it.each(['light', 'dark'] as const)(
    'can be read in %s: every text has a contrast of 4.5',
    async (scheme) => {
      await show(driftPlan(), 1200, scheme);
      await page.evaluate(
        "for (const each of document.querySelectorAll('details')) each.open = true",
      );
      await shoot(`open-${scheme}`);
      const worst = await page.evaluate(`(() => {
      const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
      const light = (text) => { const [r, g, b] = rgb(text).map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
      const behind = (node) => { for (let at = node; at; at = at.parentElement) { const c = getComputedStyle(at).backgroundColor; if (rgb(c)[3] !== 0) return c; } return 'rgb(255,255,255)'; };
      const leaves = [...document.querySelectorAll('body *')].filter((each) => each.tagName !== 'SCRIPT' && [...each.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()));
      return Math.min(...leaves.map((each) => { const a = light(getComputedStyle(each).color), b = light(behind(each)); return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); }));
    })()`);
      expect(worst).toBeGreaterThanOrEqual(4.5);
    },
  );

  it.each(['drift-replace-destroy', 'hostile', 'long-text'])(
    'fits on a phone without scrolling sideways: %s',
    async (name) => {
      await show(SCENARIOS[name]?.() ?? planOf(), 360);
      await page.evaluate(
        "for (const each of document.querySelectorAll('details')) each.open = true",
      );
      await shoot(`phone-${name}`);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    },
  );

  it('lets no text of a hostile plan become an element, a script or a request', async () => {
    await show(SCENARIOS.hostile?.() ?? planOf());
    expect(await page.evaluate("document.querySelectorAll('script').length")).toBe(1);
    expect(
      await page.evaluate("document.querySelectorAll('img,iframe,a,link,form,object').length"),
    ).toBe(0);
    expect(await page.evaluate("document.querySelectorAll('.worker').length")).toBe(14);
    const dialogs = page.events.filter(({ method }) => method === 'Page.javascriptDialogOpening');
    expect(dialogs).toEqual([]);
  });

  it('would not run a script that somebody brought in: the policy refuses it', async () => {
    await show(driftPlan());
    await page.evaluate(
      "window.ran = false; const s = document.createElement('script'); s.textContent = 'window.ran = true'; document.body.append(s); const i = new Image(); i.src = 'https://evil.example/x.png'",
    );
    expect(await page.evaluate('window.ran')).toBe(false);
    const told = page.events.filter(({ method }) => method === 'Log.entryAdded');
    expect(JSON.stringify(told)).toContain('Content Security Policy');
  });
});
