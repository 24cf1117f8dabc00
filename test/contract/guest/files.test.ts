import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { posixCksum } from '../../../src/guest/posix-cksum.ts';
import { allDoors, withGuest } from './doors.ts';
import { fieldsOf } from './transcript.ts';

const TEXT = '#!/bin/sh\necho "größer"\n';
const DIGEST = createHash('sha256').update(TEXT).digest('hex');
const CKSUM = posixCksum(Buffer.from(TEXT));
const STAGE = '/var/lib/muster/stage';
const TARGET = '/usr/local/bin/backup-vm';

describe.each(allDoors)('declared files in $name', { timeout: 90_000 }, (door) => {
  test('are put together from their parts, with their mode, and then found to be the same', () =>
    withGuest(door, {}, async (guest) => {
      const declared = [DIGEST, CKSUM, '0755', TARGET];
      const check = () => guest.run('files', ['1', 'r', 'check', ...declared]);
      expect(fieldsOf(await check())).toEqual([['file', '0', 'differs'], ['end']]);
      await guest.writeFile(`${STAGE}/${DIGEST}.0`, TEXT.slice(0, 10));
      await guest.writeFile(`${STAGE}/${DIGEST}.1`, TEXT.slice(10));
      const answer = await guest.run('files', ['1', 'r', 'install', ...declared, '2']);
      expect(fieldsOf(answer)).toEqual([['file', '0', 'installed'], ['end']]);
      expect(await guest.file(TARGET)).toMatchObject({ content: TEXT, mode: 0o755 });
      expect(await guest.file(`${STAGE}/${DIGEST}.0`)).toBeUndefined();
      expect(fieldsOf(await check())).toEqual([['file', '0', 'same'], ['end']]);
    }));

  test('asked for again after a lost answer are there, though their parts are gone', () =>
    withGuest(door, {}, async (guest) => {
      const install = () =>
        guest.run('files', ['1', 'r', 'install', DIGEST, CKSUM, '0755', '/muster-run', '1']);
      await guest.writeFile(`${STAGE}/${DIGEST}.0`, TEXT);
      const first = await install();
      expect(fieldsOf(first)).toEqual([['file', '0', 'installed'], ['end']]);
      expect(await install()).toEqual(first);
      expect(await guest.file('/muster-run')).toMatchObject({ content: TEXT, mode: 0o755 });
    }));

  test('that somebody edited are found, and a mode that somebody changed is put back', () =>
    withGuest(
      door,
      { files: { [TARGET]: `${TEXT}# edited\n`, '/opt/same': TEXT } },
      async (guest) => {
        const declared = [DIGEST, CKSUM, '0755', TARGET, DIGEST, CKSUM, '0640', '/opt/same'];
        const answer = await guest.run('files', ['1', 'r', 'check', ...declared]);
        expect(fieldsOf(answer)).toEqual([
          ['file', '0', 'differs'],
          ['file', '1', 'same'],
          ['end'],
        ]);
        expect((await guest.file('/opt/same'))?.mode).toBe(0o640);
      },
    ));

  test('that arrived damaged are not installed, and the old content stays', () =>
    withGuest(door, { files: { [TARGET]: 'old' } }, async (guest) => {
      await guest.writeFile(`${STAGE}/${DIGEST}.0`, 'damaged');
      const declared = [DIGEST, CKSUM, '0755', TARGET, '1'];
      const answer = await guest.run('files', ['1', 'r', 'install', ...declared]);
      expect(fieldsOf(answer)).toEqual([
        ['file', '0', 'failed', 'what arrived has another check sum'],
        ['end'],
      ]);
      expect((await guest.file(TARGET))?.content).toBe('old');
    }));

  test('do not replace a directory, and an older run writes none', () =>
    withGuest(door, { files: { '/opt/backup/x': 'x' } }, async (guest) => {
      await guest.writeFile(`${STAGE}/${DIGEST}.0`, TEXT);
      const declared = [DIGEST, CKSUM, '0755', '/opt/backup', '1'];
      const answer = await guest.run('files', ['5', 'r', 'install', ...declared]);
      expect(fieldsOf(answer)[0]).toEqual(['file', '0', 'failed', 'it is a directory']);
      expect((await guest.run('files', ['4', 'old', 'install', ...declared])).exit).toBe(75);
    }));
});
