import { describe, expect, it } from 'vitest';
import { loadExpectations, Replay } from './replay.ts';
import { openTarget } from './target.ts';

const target = await openTarget(2);
const requests = new Replay(target, loadExpectations('requests'));
const reading = new Replay(target, loadExpectations('reading'));

describe('a cluster that is only read', () => {
  for (const id of Object.keys(reading.expectations)) {
    const { label, method, path } = reading.entry(id);
    it(`answers "${label}" (${method} ${path}) in the recorded form`, async () => {
      await reading.same(id);
    });
  }
});

describe('a request that is wrong in itself', () => {
  it('needs a token', async () => {
    await requests.same('01/56', {}, null);
  });

  it('is told only "Authentication failed!" for a wrong secret', async () => {
    await requests.same('01/59', {}, 'root@pam!test=11111111-0000-4000-8000-000000000001');
  });

  it('may part the header of a token with a blank', async () => {
    const headers = { authorization: `PVEAPIToken ${target.token}` };
    requests.compare('01/65', await target.raw('GET', '/version', headers, ''));
  });

  it('gets nowhere with a Bearer header', async () => {
    requests.compare(
      '01/66',
      await target.raw('GET', '/version', { authorization: 'Bearer x' }, ''),
    );
  });

  const plain = Object.keys(requests.expectations).filter(
    (id) => !['01/56', '01/59', '01/65', '01/66', '01/142'].includes(id),
  );
  for (const id of plain) {
    const { label, method, path } = requests.entry(id);
    it(`is answered as recorded: ${label} (${method} ${path})`, async () => {
      await requests.same(id);
    });
  }

  it('carries the cluster time in the Date header, failures included', async () => {
    for (const path of ['/version', '/nosuchpath']) {
      const answer = await target.call('GET', path);
      expect(Number.isNaN(Date.parse(answer.headers.date ?? ''))).toBe(false);
    }
  });
});
