import { describe, expect, test } from 'vitest';
import { isCi } from '../../src/model/ci.ts';
import { canonicalJson, sameJson } from '../../src/model/json.ts';
import { nextPhase, type Phase, statusOf } from '../../src/model/lifecycle.ts';
import { BY_STRENGTH, symbolOf } from '../../src/model/plan-counts.ts';
import {
  formatPropertyString,
  isTrue,
  parsePropertyString,
} from '../../src/model/property-string.ts';
import {
  formatDuration,
  formatSize,
  GiB,
  parseDuration,
  parseSize,
} from '../../src/model/quantity.ts';
import { pathOfPointer } from '../../src/model/schema-error.ts';

describe('quantities', () => {
  test.each([
    ['6GiB', 6 * GiB],
    ['100 GB', 1e11],
    ['512MiB', GiB / 2],
    ['1.5GiB', 1.5 * GiB],
    ['1.25GiB', 1.25 * GiB],
    [' 6 GiB ', 6 * GiB],
    ['6GiB 7', undefined],
    ['6GiB,', undefined],
    ['6', undefined],
    ['6 gib', undefined],
    ['-1GiB', undefined],
    ['99999999TiB', undefined],
    ['', undefined],
  ])('the size %j', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  test.each([
    ['90s', 90_000],
    ['4h', 14_400_000],
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1 d', 86_400_000],
    [' 1.25h ', 4_500_000],
    ['9007199254740991d', undefined],
    ['1s9007199254740991d', undefined],
    ['9007199254740991d1s', undefined],
    ['90', undefined],
    ['4 hours', undefined],
    ['1h and 5m', undefined],
  ])('the duration %j', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each([
    [0, '0 B'],
    [700, '700 B'],
    [1536, '1.5 KiB'],
    [6 * GiB, '6 GiB'],
    [GiB, '1 GiB'],
    [1023, '1023 B'],
    [2048 * GiB, '2 TiB'],
  ])('%d bytes read %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });

  test.each([
    [400, '400 ms'],
    [1000, '1 s'],
    [24_000, '24 s'],
    [60_000, '1 m'],
    [3_600_000, '1 h'],
    [172_800_000, '2 d'],
    [95_000, '1 m 35 s'],
    [1_800_000, '30 m'],
    [7_500_000, '2 h 5 m'],
    [200_000_000, '2 d 7 h'],
  ])('%d ms read %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('property strings', () => {
  test('keep their order and a leading value without a key', () => {
    const text = 'local-lvm:vm-101-disk-0,discard=on,size=20G';
    expect(formatPropertyString(parsePropertyString(text))).toBe(text);
  });

  test('an equals sign in a value stays in it', () => {
    expect(parsePropertyString('serial=bXVzdGVy==,base64=1').get('serial')).toBe('bXVzdGVy==');
  });

  test.each(['1', 'on', 'yes', 'TRUE'])('%s is a yes', (text) => expect(isTrue(text)).toBe(true));
  test.each(['0', 'off', undefined, ''])('%j is none', (text) => expect(isTrue(text)).toBe(false));
});

describe('canonical JSON', () => {
  test('does not depend on the order of keys, and drops what is undefined', () => {
    expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: undefined })).toBe('{"b":[{"c":2,"d":1}]}');
    expect(sameJson({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(true);
    expect(sameJson([1, 2], [2, 1])).toBe(false);
  });
});

describe('a CI system', () => {
  test.each(['true', '1', ' yes '])('is one that sets CI to %j', (CI) => {
    expect(isCi({ CI })).toBe(true);
  });
  test.each([undefined, '', ' ', 'false', '0'])('is none with CI as %j', (CI) => {
    expect(isCi({ CI })).toBe(false);
  });
});

describe('a JSON pointer', () => {
  test.each<[string, readonly (string | number)[]]>([
    ['', []],
    ['/workers/a~1b/c~0d', ['workers', 'a/b', 'c~d']],
    ['/a~01', ['a~1']],
    ['/checks/0/run/120', ['checks', 0, 'run', 120]],
    ['/01/1a/-1', ['01', '1a', '-1']],
  ])('%j leads to %j', (pointer, path) => {
    expect(pathOfPointer(pointer)).toEqual(path);
  });
});

test('each action has the symbol that the plan’s legend explains', () => {
  const symbols = BY_STRENGTH.map((action) => `${symbolOf(action)} ${action}`);
  expect(symbols).toEqual([
    '- destroy',
    '-/+ replace',
    'o shutdown',
    '~ update',
    '~ adopt',
    '~ rename',
    '+ deploy',
    '+ configure',
    '> session',
    '> test',
    '. forget',
  ]);
});

describe('the life of a worker', () => {
  test('from declaration to rest, with a reboot on the way', () => {
    const events = [
      'deploy',
      'deployed',
      'start',
      'ready',
      'passed',
      'rebooted',
      'passed',
      'patched',
      'finished',
      'stopped',
    ] as const;
    const phases: Phase[] = ['configured'];
    for (const event of events)
      phases.push(nextPhase(phases.at(-1) ?? 'configured', event) ?? 'configured');
    expect(phases.map(statusOf)).toEqual([
      'Configured',
      'Testing',
      'Shut Down',
      'Testing',
      'Testing',
      'Testing',
      'Testing',
      'Testing',
      'Working',
      'Shut Down',
      'Shut Down',
    ]);
    expect(phases.at(-1)).toBe('shut-down');
  });

  test('every failure with a VM ends in powering off', () => {
    for (const phase of ['starting', 'testing', 'patching', 'working'] as const)
      expect(nextPhase(phase, 'failed')).toBe('stopping');
  });

  test('a worker whose VM is being removed rests already', () => {
    expect(statusOf('removing')).toBe('Shut Down');
  });

  test('what can not happen has no next phase', () => {
    expect(nextPhase('configured', 'finished')).toBeUndefined();
    expect(nextPhase('working', 'start')).toBeUndefined();
  });
});
