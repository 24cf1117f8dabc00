import { describe, it } from 'vitest';
import { loadExpectations, Replay } from './replay.ts';
import { openTarget } from './target.ts';

const target = await openTarget(2);
const replay = new Replay(target, loadExpectations('privileges'));

describe.skipIf(target.poorToken === undefined)('a token without privileges', () => {
  for (const id of Object.keys(replay.expectations)) {
    const { label, method, path } = replay.entry(id);
    it(`gets the recorded answer to "${label}" (${method} ${path})`, async () => {
      await replay.same(id, {}, target.poorToken);
    });
  }
});
