import { describe, expect, it } from 'vitest';
import { PveError } from '../../src/model/errors.ts';
import { TransportFailure } from '../../src/pve/transport.ts';
import { type Canned, cannedCluster, TOKEN } from './support/canned-cluster.ts';

async function failureOf(work: Promise<unknown>): Promise<PveError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PveError)) throw new Error(`not a PveError: ${String(error)}`);
  return error;
}

const CONFIG = 'GET /nodes/pve1/qemu/101/config';

async function refusedWith(canned: Canned): Promise<PveError> {
  return failureOf(cannedCluster({ [CONFIG]: canned }).pve.read.config('pve1', 101));
}

describe('an answer that is not a success', () => {
  it.each([
    [400, 'refused'],
    [401, 'unauthenticated'],
    [403, 'forbidden'],
    [500, 'failed'],
    [501, 'not-implemented'],
    [595, 'node-unreachable'],
    [596, 'node-unreachable'],
    [599, 'node-unreachable'],
  ])('with status %i is %s', async (status, failure) => {
    const { facts } = await refusedWith({ status, reason: 'for some reason' });
    expect(facts).toMatchObject({ failure, status, request: CONFIG, reason: 'for some reason' });
  });

  it('names each refused parameter with its text, without line ends', async () => {
    const error = await refusedWith({
      status: 400,
      reason: 'Parameter verification failed.',
      errors: { tags: 'invalid format - invalid characters in tag\n' },
    });
    expect(error.facts.errors).toEqual({ tags: 'invalid format - invalid characters in tag' });
    expect(error.message).toBe(
      `${CONFIG}: 400 Parameter verification failed.; tags: invalid format - invalid characters in tag`,
    );
  });

  it('keeps a reason short, however long it is', async () => {
    const { facts } = await refusedWith({ status: 500, reason: 'x'.repeat(100_000) });
    expect(facts.reason.length).toBeLessThan(2_100);
  });

  it.each([
    ['a login page with 200', 200, 'OK', { 'content-type': 'text/html' }, '<html>login</html>'],
    ['HTML with 403', 403, 'Forbidden', {}, ' <!DOCTYPE html><p>blocked'],
    ['a gateway error without words', 502, 'Bad Gateway', {}, ''],
    ['a redirect', 302, 'Found', { location: 'https://sso.example.net/' }, ''],
    ['JSON that was cut off', 200, 'OK', {}, '{"data":{"cores":'],
    ['JSON of something else', 200, 'OK', {}, '{"hello":1}'],
  ])('is garbled when it is %s', async (_, status, reason, headers, body) => {
    const { facts } = await refusedWith({ raw: { status, reason, headers, body } });
    expect(facts.failure).toBe('garbled');
    expect(facts.reason).toContain('not an answer of Proxmox VE');
  });

  it('is garbled when its data has another shape', async () => {
    const { facts } = await refusedWith({ data: ['a list'] });
    expect(facts).toMatchObject({ failure: 'garbled', request: CONFIG });
  });
});

describe('a read', () => {
  it('P23: is repeated, with a growing pause, when a gateway lost it', async () => {
    const lost: Canned = { status: 599, reason: 'Too many redirections' };
    const { pve, sent, clock } = cannedCluster({
      [CONFIG]: [lost, { error: new Error('ECONNRESET') }, { data: { cores: 2, digest: 'd' } }],
    });
    await expect(pve.read.config('pve1', 101)).resolves.toEqual({
      values: { cores: '2' },
      digest: 'd',
    });
    expect(sent).toEqual([CONFIG, CONFIG, CONFIG]);
    expect(clock.slept).toEqual([375, 1125]);
  });

  it('gives up after three tries, and after two at a dead node', async () => {
    const lost = cannedCluster({ [CONFIG]: { status: 599, reason: 'lost' } });
    await failureOf(lost.pve.read.config('pve1', 101));
    expect(lost.sent).toHaveLength(3);
    const dead = cannedCluster({ [CONFIG]: { status: 595, reason: 'No route to host' } });
    await failureOf(dead.pve.read.config('pve1', 101));
    expect(dead.sent).toHaveLength(2);
  });

  it('P23: waits for an API that is being restarted, once it has answered', async () => {
    const reason = 'connect ECONNREFUSED 10.0.0.1:8006';
    const refused = {
      error: new TransportFailure({ failure: 'unreachable', sent: false, reason }),
    };
    const never = cannedCluster({ [CONFIG]: refused });
    await failureOf(never.pve.read.config('pve1', 101));
    expect(never.sent).toHaveLength(3);
    const found = { data: { cores: 2, digest: 'd' } };
    const back = cannedCluster({ [CONFIG]: [found, refused, refused, refused, refused, found] });
    await back.pve.read.config('pve1', 101);
    await expect(back.pve.read.config('pve1', 101)).resolves.toMatchObject({ digest: 'd' });
    expect(back.clock.slept).toEqual([375, 1125, 3375, 10_125]);
  });

  it('is not repeated when Proxmox refused it', async () => {
    const { pve, sent } = cannedCluster({ [CONFIG]: { status: 500, reason: 'no' } });
    await failureOf(pve.read.config('pve1', 101));
    expect(sent).toHaveLength(1);
  });
});

describe('a write', () => {
  it.each<Canned>([
    { status: 599, reason: 'lost' },
    { status: 500, reason: 'got no worker upid - start worker failed' },
    { error: new Error('ECONNRESET') },
  ])('P23: is sent once, whatever comes back', async (canned) => {
    const start = 'POST /nodes/pve1/qemu/101/status/start';
    const { pve, sent, clock } = cannedCluster({ [start]: canned });
    await failureOf(pve.write.start('pve1', 101));
    expect(sent).toEqual([start]);
    expect(clock.slept).toEqual([]);
  });
});

describe('a failure', () => {
  it('never holds the secret of the token', async () => {
    const error = await refusedWith({ status: 401, reason: 'Authentication failed!' });
    expect(JSON.stringify({ ...error.facts, message: error.message })).not.toContain('11111111');
  });

  it('does not hold it either when a proxy tells the request that it refuses', async () => {
    const echo = `bad header: authorization: PVEAPIToken=${TOKEN}`;
    for (const status of [400, 403, 500]) {
      const error = await refusedWith({ status, reason: echo, errors: { header: echo } });
      expect(error.message).toContain('bad header');
      expect(JSON.stringify({ ...error.facts, message: error.message })).not.toContain('11111111');
    }
  });
});

describe('the time of the cluster', () => {
  it('is the Date header of the last answer and the time that has passed since', async () => {
    const { pve, clock } = cannedCluster({ [CONFIG]: { status: 500, reason: 'no' } });
    expect(pve.clusterTime()).toBeUndefined();
    await failureOf(pve.read.config('pve1', 101));
    clock.pass(1_500);
    expect(pve.clusterTime()).toBe(Date.UTC(2026, 10, 22, 2, 14, 1, 500));
  });

  it('does not step back by the fraction of a second that the header leaves out', async () => {
    const { pve, clock } = cannedCluster({ [CONFIG]: { status: 500, reason: 'no' } });
    await failureOf(pve.read.config('pve1', 101));
    clock.pass(900);
    await failureOf(pve.read.config('pve1', 101));
    expect(pve.clusterTime()).toBe(Date.UTC(2026, 10, 22, 2, 14, 0, 900));
  });
});

describe('the count of requests', () => {
  it('P45: is kept by method and path without ids', async () => {
    const { pve } = cannedCluster({
      'GET /nodes/pve1/qemu/101/config': { data: {} },
      'GET /nodes/pve2/qemu/102/config': { data: {} },
    });
    await Promise.all([pve.read.config('pve1', 101), pve.read.config('pve2', 102)]);
    expect(pve.requests()).toEqual({ 'GET /nodes/*/qemu/*/config': 2 });
  });
});
