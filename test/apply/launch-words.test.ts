import { describe, expect, it } from 'vitest';
import { gateFailure, patchWords } from '../../src/apply/launch-words.ts';
import { GuestError, WaitTimeout } from '../../src/model/errors.ts';
import type { PatchRecord } from '../../src/model/state.ts';

function words(change: Partial<PatchRecord>, rebootRequired = false): string {
  const record = { at: 0, result: 'patched', packages: [], rebooted: false, ...change } as const;
  return patchWords({ record, rebootRequired, fatal: false }, '57 s');
}

describe('what is told of a patching', () => {
  it.each([
    [words({ packages: ['a 1 2', 'b 1 2'] }), 'done in 57 s: 2 packages, no reboot needed'],
    [words({ packages: ['a 1 2', 'b 1 2'] }, true), 'done in 57 s: 2 packages, a reboot is needed'],
    [words({ result: 'nothing' }), 'nothing to install'],
    [words({ result: 'skipped', message: 'patch.mode is off' }), 'skipped: patch.mode is off'],
    [words({ result: 'failed', message: 'apt: no space left' }), 'apt: no space left'],
    [words({ result: 'failed' }), 'it did not say why'],
  ])('"%s"', (told, expected) => {
    expect(told).toBe(expected);
  });
});

describe('what keeps a guest from being tested', () => {
  it('is a failed check, named after what was waited for, or after what the guest said', () => {
    const silent = new WaitTimeout('waiting-for-agent', 180_000, 'no answer within 3 m');
    expect(gateFailure(silent)).toEqual({
      ...{ id: 'agent', result: 'fail', ms: 0 },
      seen: 'no answer within 3 m',
    });
    const full = new GuestError('disk-full', 'no space left', 'Grow disk.size.');
    expect(gateFailure(full)).toMatchObject({ id: 'disk-full', hint: 'Grow disk.size.' });
    expect(gateFailure(new GuestError('garbled', 'no JSON'))).not.toHaveProperty('hint');
  });

  it('is nothing of the guest when it is a bug', () => {
    expect(gateFailure(new TypeError('x is not a function'))).toBeUndefined();
  });
});
