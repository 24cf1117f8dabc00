import { describe, expect, it } from 'vitest';
import { insertWorker } from '../../src/declare/insert-worker.ts';
import { GiB, MiB } from '../../src/model/quantity.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import { filesOf, HEAD, loadClean } from './project-files.ts';

const FIELDS: WorkerFields = { node: 'pve1', memory: 1536 * MiB };
const ADDED = '  new:\n    node: pve1\n    memory: 1536MiB\n';

const insert = (text: string, fields = FIELDS) =>
  insertWorker(filesOf({ 'muster.yaml': text }), '', 'new', fields);

describe('a worker put into YAML', () => {
  it('goes into the environment file that declares workers of its node', async () => {
    const contents = {
      'muster.yaml': `${HEAD}workers: { a: { node: pve1 } }\n`,
      'workers/empty.yaml': '# nobody yet\n',
      'environments/test.yaml': 'workers:\n  b: { node: pve1 }\n',
    };
    const inserted = await insertWorker(filesOf(contents), 'test', 'new', FIELDS);
    expect(inserted).toEqual({
      file: 'environments/test.yaml',
      added: ADDED,
      text: `workers:\n  b: { node: pve1 }\n${ADDED}`,
    });
    const text = inserted?.text ?? '';
    const { workers } = await loadClean(
      { ...contents, 'environments/test.yaml': text },
      { environment: 'test' },
    );
    expect(workers.new).toEqual(FIELDS);
  });

  it.each([
    ['a section of its own behind a last line that has no end', HEAD.trimEnd(), '\n\nworkers:\n'],
    ['the line behind a worker without fields', `${HEAD}workers:\n  a:\n`, ''],
  ])('gets %s', async (_, before, between) => {
    expect((await insert(before))?.text).toBe(`${before}${between}${ADDED}`);
  });

  it.each([
    ['a file in braces', `{ muster: 1, workers: { a: { node: pve1 } } }\n`],
    ['a section that holds nothing', `${HEAD}workers:\n`],
    ['a text at the end that would grow', `${HEAD}x-note: |+\n  as long as it is\n`],
    ['a file that says it ends', `${HEAD}...\n`],
    ['a section whose keys begin with a question mark', `${HEAD}workers:\n  ? a\n`],
    ['a file that is empty', '# nothing\n'],
  ])('is not put into %s', async (_, text) => {
    expect(await insert(text)).toBeUndefined();
  });

  it.each<[NonNullable<WorkerFields['disk']>, string]>([
    [{ size: 48 * GiB, storage: 'local-lvm' }, 'size: 48GiB\n      storage: local-lvm'],
    [{ size: 2 ** 42 }, 'size: 4TiB'],
    [{ size: 3 * 2 ** 10 }, 'size: 3KiB'],
    [{ size: 1025 }, 'size: 1025B'],
    [{ storage: 'ceph' }, 'storage: ceph'],
  ])('has its disk in the unit that says it exactly: %j', async (disk, words) => {
    const inserted = await insert(`${HEAD}workers:\n  a: { node: pve1 }\n`, { node: 'pve1', disk });
    expect(inserted?.added).toBe(`  new:\n    node: pve1\n    disk:\n      ${words}\n`);
  });
});
