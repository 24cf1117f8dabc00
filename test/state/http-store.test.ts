import { afterEach, describe, expect, it } from 'vitest';
import { DiagnosticsError } from '../../src/model/diagnostic.ts';
import { StateLocked } from '../../src/model/errors.ts';
import type { Clock, StateStore } from '../../src/model/ports.ts';
import type { State } from '../../src/model/state.ts';
import { formatState } from '../../src/state/state-text.ts';
import {
  type StateServer,
  type StateServerOptions,
  specOf,
  startStateServer,
} from '../support/state-server.ts';
import { type HttpTestOptions, openHttpStore } from './support/http.ts';
import { stateWith } from './support/states.ts';

const servers: StateServer[] = [];

async function serve(options: StateServerOptions = {}): Promise<StateServer> {
  const server = await startStateServer(options);
  servers.push(server);
  return server;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

const first: State = { ...stateWith('a'), serial: 1 };
const second: State = { ...stateWith('a', 'b'), serial: 2 };
const third: State = { ...stateWith('a', 'c'), serial: 3 };

/** A server that holds the first state, and a store over it. */
async function started(options: HttpTestOptions = {}, how: StateServerOptions = {}) {
  const server = await serve({ stored: formatState(first), ...how });
  const store = await openHttpStore(specOf(server, how.style), options);
  const { revision } = await store.read();
  return { server, store, revision };
}

/** Sleeping takes no time, and yet time goes by. */
function jumpingClock(): Clock & { pass(ms: number): void } {
  let elapsed = 0;
  return {
    now: () => Date.UTC(2026, 10, 22) + elapsed,
    monotonic: () => elapsed,
    sleep: async (ms) => {
      elapsed += ms;
    },
    pass: (ms) => {
      elapsed += ms;
    },
  };
}

async function failureOf(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((caught: unknown) => caught);
  if (!(error instanceof DiagnosticsError)) throw new Error(`not a diagnostic: ${String(error)}`);
  const [diagnostic] = error.diagnostics;
  return [diagnostic?.message, ...(diagnostic?.detail ?? []), diagnostic?.remedy].join('\n');
}

async function heldBy(store: StateStore, revision: string): Promise<StateLocked> {
  const error = await store.write(second, revision).catch((caught: unknown) => caught);
  if (error instanceof StateLocked) return error;
  throw new Error(`not locked: ${String(error)}`);
}

const TERRAFORM_LOCK = {
  ID: '7c1e0f7e-2c1b-4b55-8b7e-0e1f2a3b4c5d',
  Operation: 'OperationTypeApply',
  Info: '',
  Who: 'anna@laptop',
  Version: '1.9.0',
  Created: '2026-11-22T02:00:00Z',
  Path: '',
};

describe('one write over http', () => {
  it('is lock, read, compare, write, unlock; a read takes no lock (P6 P7)', async () => {
    const { server, store, revision } = await started();
    expect(server.requests()).toEqual(['GET']);
    expect((await store.write(second, revision)).kind).toBe('written');
    expect(server.requests().slice(1)).toEqual(['LOCK', 'GET', 'POST', 'UNLOCK']);
    expect(server.lock()).toBeUndefined();
    expect(JSON.parse(server.stored() ?? '')).toEqual(second);
  });

  it('sends all seven fields of the lock, with who, run, pid and CI job in its Info (P15)', async () => {
    let lock = '';
    const { server, store, revision } = await started({
      self: {
        who: 'ci@runner-3',
        host: 'runner-3',
        pid: 812,
        jobUrl: 'https://ci.example.net/8812',
      },
    });
    server.failNext('POST', {
      kind: 'meanwhile',
      happens: () => {
        lock = server.lock() ?? '';
      },
    });
    await store.write(second, revision);
    const fields = JSON.parse(lock) as Record<string, string>;
    expect(Object.keys(fields)).toEqual([
      'ID',
      'Operation',
      'Info',
      'Who',
      'Version',
      'Created',
      'Path',
    ]);
    expect(fields).toMatchObject({
      Operation: 'muster apply',
      Who: 'ci@runner-3',
      Path: '/state/backup',
    });
    expect(JSON.parse(fields.Info ?? '')).toMatchObject({
      pid: 812,
      jobUrl: 'https://ci.example.net/8812',
    });
  });

  it('is right whatever form the server keeps the JSON in', async () => {
    const { server, store } = await started();
    server.put(JSON.stringify(first));
    const { revision } = await store.read();
    server.put(JSON.stringify(first, null, 8));
    expect((await store.write(second, revision)).kind).toBe('written');
  });

  it('is refused when another write came between, also where only the ETag shows it', async () => {
    const { server, store, revision } = await started({}, { etag: true, checksIds: false });
    server.failNext('POST', { kind: 'meanwhile', happens: () => server.put(formatState(third)) });
    expect(await store.write(second, revision)).toEqual({ kind: 'moved' });
    expect(JSON.parse(server.stored() ?? '')).toEqual(third);
  });
});

describe('a write over http that loses its answer', () => {
  it.each(['cut-before', 'cut-after'] as const)(
    'ends as written when the connection is %s the server took it, and is stored once (P47)',
    async (kind) => {
      const { server, store, revision } = await started();
      server.failNext('POST', { kind });
      expect((await store.write(second, revision)).kind).toBe('written');
      expect(server.history().map((text) => JSON.parse(text).serial)).toEqual([2]);
      expect(server.lock()).toBeUndefined();
    },
  );

  it('ends as written when the server is too slow to say so', async () => {
    const { server, store, revision } = await started({ requestMs: 200 });
    server.failNext('POST', { kind: 'silent' });
    expect((await store.write(second, revision)).kind).toBe('written');
    expect(server.history()).toHaveLength(1);
  });

  it.each(['LOCK', 'UNLOCK', 'GET'])('survives a cut %s on either side', async (method) => {
    for (const kind of ['cut-before', 'cut-after'] as const) {
      const { server, store, revision } = await started();
      server.failNext(method, { kind });
      expect((await store.write(second, revision)).kind).toBe('written');
      expect(server.lock()).toBeUndefined();
    }
  });

  it('says so when nobody can tell any more whether it arrived', async () => {
    const { server, store, revision } = await started({}, { checksIds: false });
    server.failNext('POST', { kind: 'cut-after' });
    server.failNext('GET', { kind: 'meanwhile', happens: () => {} });
    server.failNext('GET', { kind: 'meanwhile', happens: () => server.put(formatState(third)) });
    expect(await failureOf(store.write(second, revision))).toContain(
      'another run has written since',
    );
  });

  it('is tried again while the server fails, and told when it goes on failing', async () => {
    const { server, store, revision } = await started();
    const bad = { kind: 'answer', status: 500, body: 'out of memory' } as const;
    server.failNext('POST', bad);
    expect((await store.write(second, revision)).kind).toBe('written');
    for (let times = 0; times < 3; times += 1) server.failNext('POST', bad);
    const next = await store.read();
    const told = await failureOf(store.write(third, next.revision));
    expect(told).toContain('the server says: out of memory');
    expect(server.lock()).toBeUndefined();
    expect(JSON.parse(server.stored() ?? '')).toEqual(second);
  });
});

describe('a lock over http', () => {
  it('of Terraform is waited for, then named with its holder, its age and how to break it (P14 P15)', async () => {
    const { server, store, revision } = await started({
      clock: jumpingClock(),
      lockTimeoutMs: 5_000,
    });
    server.setLock(TERRAFORM_LOCK);
    const error = await heldBy(store, revision);
    expect(error.holder).toContain('anna@laptop, OperationTypeApply, since 2026-11-22T02:00:00Z');
    expect(error.remedy).toContain(`muster state unlock ${TERRAFORM_LOCK.ID}`);
    expect(JSON.parse(server.lock() ?? '')).toEqual(TERRAFORM_LOCK);
    expect(server.history()).toEqual([]);
  });

  it('of another Muster that has stood for a minute is broken, but not a moment earlier (P14)', async () => {
    const clock = jumpingClock();
    const { server, store, revision } = await started({ clock, lockTimeoutMs: 1_000 });
    server.setLock({ ...TERRAFORM_LOCK, ID: 'muster-1', Who: 'ci@runner-9' });
    let brokenAt = 0;
    server.failNext('UNLOCK', {
      kind: 'meanwhile',
      happens: () => {
        brokenAt = clock.monotonic();
      },
    });
    expect((await store.write(second, revision)).kind).toBe('written');
    expect(brokenAt).toBeGreaterThanOrEqual(60_000);
    expect(brokenAt).toBeLessThan(63_000);
  });

  it('that others take in turns is never broken', async () => {
    const clock = jumpingClock();
    const { server, store, revision } = await started({ clock, lockTimeoutMs: 1_000 });
    let turn = 0;
    const busy = (): void => {
      turn += 1;
      server.setLock({ ...TERRAFORM_LOCK, ID: `muster-${turn}` });
      server.failNext('LOCK', { kind: 'meanwhile', happens: busy });
    };
    busy();
    await heldBy(store, revision);
    expect(server.requests()).not.toContain('UNLOCK');
  });

  it('is given up when its holder has not written for 30 s: a machine that was suspended', async () => {
    const clock = jumpingClock();
    const { server, store, revision } = await started({ clock });
    server.failNext('GET', { kind: 'meanwhile', happens: () => clock.pass(31_000) });
    expect((await store.write(second, revision)).kind).toBe('written');
    const sent = server.requests().slice(1);
    expect(sent).toEqual(['LOCK', 'GET', 'UNLOCK', 'LOCK', 'GET', 'POST', 'UNLOCK']);
  });

  it('on a server that is always slower than that ends in words about the server, and nothing is written', async () => {
    const clock = jumpingClock();
    const { server, store, revision } = await started({ clock });
    for (let times = 0; times < 3; times += 1)
      server.failNext('GET', { kind: 'meanwhile', happens: () => clock.pass(31_000) });
    expect(await failureOf(store.write(second, revision))).toMatch(/longer than 30 s/);
    expect(server.history()).toEqual([]);
    expect(server.lock()).toBeUndefined();
  });

  it('that somebody broke stops the write under it, and it is begun anew', async () => {
    const { server, store, revision } = await started();
    server.failNext('POST', { kind: 'meanwhile', happens: () => server.setLock(undefined) });
    expect((await store.write(second, revision)).kind).toBe('written');
    expect(server.history()).toHaveLength(1);
    expect(server.requests().filter((method) => method === 'LOCK')).toHaveLength(2);
  });
});

describe('a server of the state that answers something else', () => {
  const page = '<!doctype html><title>Sign in</title>';

  it.each([
    [{ status: 200, body: page }, /answers with a page, not with a state/],
    [
      { status: 401, body: '{"message":"token expired"}' },
      /does not accept the credentials[\s\S]*token expired[\s\S]*MUSTER_HTTP_PASSWORD/,
    ],
    [
      { status: 403, body: '{"error":"insufficient_scope"}' },
      /may not do that[\s\S]*insufficient_scope/,
    ],
    [
      { status: 302, body: '', headers: { location: 'https://login.example.net' } },
      /login\.example\.net[\s\S]*credentials are not sent/,
    ],
    [
      { status: 200, body: '{"version":4,"terraform_version":"1.9.0"}' },
      /holds a state of Terraform's[\s\S]*a place of its own/,
    ],
    [
      { status: 404, body: '{"message":"404 Project Not Found"}' },
      /does not show that project[\s\S]*404 Project Not Found/,
    ],
    [{ status: 200, body: '{"format":1' }, /is damaged/],
  ])('%j is told apart, and nothing is written', async (answer, expected) => {
    const { server, store, revision } = await started();
    server.failNext('GET', { kind: 'answer', ...answer });
    expect(await failureOf(store.read())).toMatch(expected);
    server.failNext('GET', { kind: 'answer', ...answer });
    expect(await failureOf(store.write(second, revision))).toMatch(expected);
    expect(server.history()).toEqual([]);
    expect(server.lock()).toBeUndefined();
  });

  it('a page instead of the lock takes no lock, and nothing is written', async () => {
    const { server, store, revision } = await started();
    server.failNext('LOCK', { kind: 'answer', status: 200, body: page });
    expect(await failureOf(store.write(second, revision))).toMatch(
      /can't lock the state .*answers with a page/,
    );
    expect(server.requests().slice(1)).toEqual(['LOCK']);
    expect(server.history()).toEqual([]);
  });

  it('a page instead of the write is settled by reading: it was not stored, and is sent again', async () => {
    const { server, store, revision } = await started();
    server.failNext('POST', { kind: 'answer', status: 200, body: page });
    expect((await store.write(second, revision)).kind).toBe('written');
    expect(server.stored()).toBe(formatState(second));
    for (let times = 0; times < 3; times += 1)
      server.failNext('POST', { kind: 'answer', status: 200, body: page });
    const based = (await store.read()).revision;
    expect(await failureOf(store.write({ ...third, serial: 3 }, based))).toMatch(
      /can't write the state .*answers with a page/,
    );
    expect(server.stored()).toBe(formatState(second));
    expect(server.lock()).toBeUndefined();
  });

  it('or nothing at all is told as out of reach', async () => {
    const { server, store } = await started();
    await server.stop();
    expect(await failureOf(store.read())).toMatch(/can't be reached/);
  });

  it.each([204, 404])(
    '%i means that there is no state yet, and so does an empty answer',
    async (status) => {
      const server = await serve();
      const store = await openHttpStore(specOf(server));
      server.failNext('GET', { kind: 'answer', status, body: '' });
      expect((await store.read()).state).toBeUndefined();
      server.put('');
      expect((await store.read()).state).toBeUndefined();
    },
  );

  it('was restarted, and the next write goes on from what it kept', async () => {
    const { server, store, revision } = await started();
    const written = await store.write(second, revision);
    await server.stop();
    await serve({
      port: server.port,
      ...(server.stored() === undefined ? {} : { stored: server.stored() ?? '' }),
    });
    const based = written.kind === 'written' ? written.revision : '';
    expect((await store.write(third, based)).kind).toBe('written');
  });
});

describe('a server that fences nothing', () => {
  it.each([
    [{ checksIds: false }, /unfenced/],
    [{ checksIds: false, etag: true }, undefined],
    [{}, undefined],
    [{ style: 'gitlab' }, undefined],
  ] as const)('is told from others: %j', async (how, expected) => {
    const { server, store } = await started({}, how);
    const weakness = await store.weakness?.();
    if (expected === undefined) expect(weakness).toBeUndefined();
    else expect(weakness).toMatch(expected);
    expect(server.lock()).toBeUndefined();
  });

  it('has no locks at all: that is told too', async () => {
    const { address } = await serve({ stored: formatState(first) });
    const store = await openHttpStore({ backend: 'http', address, options: {} });
    expect(await store.weakness?.()).toMatch(/no lockAddress is set/);
  });
});
