import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

type Members = Readonly<Record<string, unknown>>;

/** One page in a headless Chromium of our own, driven through a pipe: no port, no other program's session. */
export interface Page {
  send(method: string, params?: Members): Promise<Members>;
  /** The value of an expression in the page. */
  evaluate(expression: string): Promise<unknown>;
  open(url: string): Promise<void>;
  /** Everything that the browser reported since it was started. */
  readonly events: readonly { readonly method: string; readonly params: Members }[];
  close(): Promise<void>;
}

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--remote-debugging-pipe',
];

export async function openPage(program = process.env.CHROMIUM ?? 'chromium'): Promise<Page> {
  const profile = mkdtempSync(join(tmpdir(), 'muster-chromium-'));
  const child = spawn(program, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const pipe = pipeOf(child);
  const { targetInfos } = await pipe.send('Target.getTargets');
  const targets = Array.isArray(targetInfos) ? (targetInfos as readonly Members[]) : [];
  const targetId = targets.find(({ type }) => type === 'page')?.targetId;
  const { sessionId } = await pipe.send('Target.attachToTarget', { targetId, flatten: true });
  const send = (method: string, params: Members = {}) => pipe.send(method, params, sessionId);
  for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await send(`${domain}.enable`);
  return {
    send,
    events: pipe.events,
    evaluate: async (expression) => {
      const { result } = await send('Runtime.evaluate', { expression, returnByValue: true });
      return (result as Members).value;
    },
    open: async (url) => {
      const loaded = pipe.next('Page.loadEventFired');
      await send('Page.navigate', { url });
      await loaded;
    },
    close: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await pipe.send('Browser.close');
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Messages are JSON texts that end in a zero byte. */
function pipeOf(child: ChildProcess) {
  const [, , , toBrowser, fromBrowser] = child.stdio;
  const output = toBrowser as Writable;
  const waiting = new Map<number, (answer: Members) => void>();
  const listeners: { readonly method: string; readonly heard: () => void }[] = [];
  const events: { method: string; params: Members }[] = [];
  let rest = '';
  let lastId = 0;
  (fromBrowser as Readable).setEncoding('utf8').on('data', (part: string) => {
    const texts = (rest + part).split('\0');
    rest = texts.pop() ?? '';
    for (const text of texts) {
      const message = JSON.parse(text) as Members & { readonly id?: number };
      if (message.id !== undefined) waiting.get(message.id)?.(message);
      else {
        const method = String(message.method);
        events.push({ method, params: message.params as Members });
        for (const each of listeners.filter((one) => one.method === method)) each.heard();
      }
    }
  });
  const next = (method: string) =>
    new Promise<void>((heard) => {
      listeners.push({ method, heard });
    });
  const send = (method: string, params: Members = {}, sessionId?: unknown): Promise<Members> => {
    lastId += 1;
    const id = lastId;
    output.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    return new Promise((resolve, reject) => {
      waiting.set(id, ({ error, result }) => {
        if (error === undefined) resolve(result as Members);
        else reject(new Error(`${method}: ${JSON.stringify(error)}`));
      });
    });
  };
  return { send, events, next };
}
