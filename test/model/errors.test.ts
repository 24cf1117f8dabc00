import { describe, expect, test } from 'vitest';
import { DiagnosticsError, problem, untouched } from '../../src/model/diagnostic.ts';
import {
  ExecLost,
  Fenced,
  GuestError,
  PveError,
  StateLocked,
  StateMoved,
  StepFailed,
  TaskFailed,
  TaskTimeout,
  VmidTaken,
  WaitTimeout,
  WorkerUnknown,
} from '../../src/model/errors.ts';

const UPID = 'UPID:pve1:0000166A:0004B107:6B02AF05:qmclone:9000:muster@pve!ci:';
const REQUEST = 'PUT /nodes/pve1/qemu/101/config';

describe('outside failures say what failed, under their own name', () => {
  test.each<[string, () => Error, string]>([
    [
      'PveError',
      () =>
        new PveError({ failure: 'unanswered', request: REQUEST, status: 0, reason: 'timed out' }),
      `${REQUEST}: timed out`,
    ],
    [
      'PveError',
      () =>
        new PveError({
          failure: 'refused',
          request: REQUEST,
          status: 400,
          reason: 'Parameter verification failed.',
          errors: { memory: 'too small', cores: 'too many' },
        }),
      `${REQUEST}: 400 Parameter verification failed.; memory: too small; cores: too many`,
    ],
    [
      'TaskFailed',
      () => new TaskFailed(UPID, 'VM is locked (backup)', 'locked', []),
      `task ${UPID} failed: VM is locked (backup)`,
    ],
    ['TaskTimeout', () => new TaskTimeout(UPID, 89_600), `task ${UPID} still runs after 90 s`],
    [
      'StateLocked',
      () => new StateLocked('muster.state.json', 'pid 812'),
      'the state muster.state.json is locked by pid 812',
    ],
    [
      'StateMoved',
      () => new StateMoved('muster.state.json'),
      'the state muster.state.json was changed by another run, again and again',
    ],
    ['Fenced', () => new Fenced('run r1 has ended'), 'run r1 has ended'],
    ['WaitTimeout', () => new WaitTimeout('waiting-for-agent', 9, 'no agent'), 'no agent'],
    [
      'VmidTaken',
      () => new VmidTaken(9100, 'a', 'b'),
      "vm 9100 can't be worker a's: worker b holds that id",
    ],
    ['WorkerUnknown', () => new WorkerUnknown('a'), 'the state holds no worker a'],
    ['GuestError', () => new GuestError('io-error', 'the disk is full'), 'the disk is full'],
    [
      'ExecLost',
      () => new ExecLost(101, 4242),
      'the exit status of process 4242 in vm 101 is lost',
    ],
    ['StepFailed', () => new StepFailed('vm 101 is gone'), 'vm 101 is gone'],
  ])('%s', (name, make, message) => {
    expect(`${make()}`).toBe(`${name}: ${message}`);
  });

  test('and what they came from', () => {
    const cause = new Error('socket hang up');
    const facts = { failure: 'unanswered', request: REQUEST, status: 0, reason: '' } as const;
    const failed = [
      new PveError(facts, cause),
      new GuestError('io-error', 'x', undefined, cause),
      new ExecLost(101, 1, cause),
    ];
    for (const error of failed) expect(error.cause).toBe(cause);
  });
});

describe('mistakes of the user', () => {
  const first = { severity: 'error', code: 'no-token', message: 'no token', labels: [] } as const;
  const second = { ...first, code: 'no-ca', message: 'no CA' };

  test('are thrown together, and ask for exit code 1 unless they say otherwise', () => {
    const thrown = new DiagnosticsError([first, second]);
    expect(`${thrown}`).toBe('DiagnosticsError: no token; no CA');
    expect(thrown).toMatchObject({ diagnostics: [first, second], exitCode: 1, consequence: '' });
    expect(new DiagnosticsError([first], 4).exitCode).toBe(4);
  });

  test('that are found first say that nothing was touched', () => {
    expect(untouched([first])).toMatchObject({
      diagnostics: [first],
      exitCode: 1,
      consequence: 'The cluster was not contacted, nothing was changed.',
    });
  });

  test('without a place carry only what is known about them', () => {
    expect(problem('no-token', 'no token')).toStrictEqual(first);
    expect(problem('no-token', 'no token', 'Set it.', ['seen'])).toStrictEqual({
      ...first,
      remedy: 'Set it.',
      detail: ['seen'],
    });
  });
});
