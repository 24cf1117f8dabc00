import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPage, type Page } from './chromium.ts';

const SHOTS = join(import.meta.dirname, '../../reports/browser');

/** A page of ours in Chromium, looked at as a person would. */
export interface Stage {
  readonly page: Page;
  show(html: string, width?: number, scheme?: 'light' | 'dark'): Promise<void>;
  /** Everything that can be opened is. */
  openAll(): Promise<void>;
  /** Into reports/browser, for a person to look at. */
  shoot(name: string): Promise<void>;
  press(key: string, code?: string, keyCode?: number): Promise<void>;
  /** Names of the rows that the filter leaves. */
  shown(): Promise<unknown>;
  /** The lowest contrast of any text with what is behind it. */
  contrast(): Promise<unknown>;
  /** Addresses that were asked for, other than the file itself. */
  requests(): readonly string[];
  /** What the browser complained about. */
  complaints(): string;
  close(): Promise<void>;
}

const WORST_CONTRAST = `(() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (text) => { const [r, g, b] = rgb(text).map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
  const behind = (node) => { for (let at = node; at; at = at.parentElement) { const c = getComputedStyle(at).backgroundColor; if (rgb(c)[3] !== 0) return c; } return 'rgb(255,255,255)'; };
  const leaves = [...document.querySelectorAll('body *')].filter((each) => each.tagName !== 'SCRIPT' && [...each.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim()));
  return Math.min(...leaves.map((each) => { const a = light(getComputedStyle(each).color), b = light(behind(each)); return (Math.max(a, b) + .05) / (Math.min(a, b) + .05); }));
})()`;

export async function openStage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'muster-page-'));
  const page = await openPage();
  const told = (method: string) => page.events.filter((event) => event.method === method);
  return {
    page,
    show: async (html, width = 1200, scheme = 'light') => {
      const file = join(folder, 'page.html');
      writeFileSync(file, html);
      const metrics = { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 };
      await page.send('Emulation.setDeviceMetricsOverride', metrics);
      const features = [{ name: 'prefers-color-scheme', value: scheme }];
      await page.send('Emulation.setEmulatedMedia', { features });
      await page.open(`file://${file}`);
    },
    openAll: async () => {
      await page.evaluate(
        "for (const each of document.querySelectorAll('details')) each.open = true",
      );
    },
    shoot: async (name) => {
      const { data } = await page.send('Page.captureScreenshot', { captureBeyondViewport: true });
      mkdirSync(SHOTS, { recursive: true });
      writeFileSync(join(SHOTS, `${name}.png`), Buffer.from(String(data), 'base64'));
    },
    press: async (key, code = key, keyCode = 0) => {
      const text = key.length === 1 ? { text: key } : key === 'Enter' ? { text: '\r' } : {};
      const event = { key, code, windowsVirtualKeyCode: keyCode };
      await page.send('Input.dispatchKeyEvent', { type: 'keyDown', ...event, ...text });
      await page.send('Input.dispatchKeyEvent', { type: 'keyUp', ...event });
    },
    shown: () =>
      page.evaluate(
        "[...document.querySelectorAll('.worker')].filter((each) => !each.hidden).map((each) => each.querySelector('th').textContent)",
      ),
    contrast: () => page.evaluate(WORST_CONTRAST),
    requests: () =>
      told('Network.requestWillBeSent')
        .map(({ params }) => (params.request as { readonly url: string }).url)
        .filter((url) => !url.startsWith('file:')),
    complaints: () =>
      JSON.stringify([...told('Log.entryAdded'), ...told('Runtime.exceptionThrown')]),
    close: async () => {
      await page.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
