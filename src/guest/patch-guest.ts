import { GuestError } from '../model/errors.ts';
import { formatDuration } from '../model/quantity.ts';
import type { PatchRecord } from '../model/state.ts';
import type { PatchSpec } from '../model/worker.ts';
import { type GuestWait, waitUntil } from './guest-wait.ts';
import { cleanField, outputLines } from './output-lines.ts';
import { scriptArgv } from './run-script.ts';
import { type AttemptStatus, pollItem, startItem } from './supervise-item.ts';
import { type Actor, type GuestTarget, nameOf } from './target.ts';

export interface Patching extends Actor {
  readonly patch: PatchSpec;
  readonly last?: PatchRecord;
  /** A restore must not wait for updates: it skips them. */
  readonly kind: 'test' | 'backup' | 'restore';
  /** Ms for the whole patch run. */
  readonly timeout: number;
  /** Cluster time, ms. */
  readonly now: number;
  /** Tells the boot it belongs to, so that a run after a reboot is another attempt; default the first. */
  readonly round?: number;
  readonly onProgress?: (wait: GuestWait) => void;
}

export interface Patched {
  /** `rebooted` is false here: rebooting is the caller's. A skipped one keeps the time of the last patching. */
  readonly record: PatchRecord;
  /** What was installed asks for it, or `reboot: always` does; `reboot: never` is the caller's to heed. */
  readonly rebootRequired: boolean;
  /** The launch must not go on: patching failed, or its source was unreachable although it is `required`. */
  readonly fatal: boolean;
}

/** Ms beyond the timeout for which a package manager that installs is waited for: it is never cut off. */
const LATE_MS = 10 * 60_000;

/**
 * Installs system updates in the guest, under the supervisor, so that a restart of the agent by its own update
 * does no harm; a second call with the same run finds the first one's patching and goes on with it. What goes
 * wrong inside is a result (`failed`), also that it still installs long after its time. Throws Fenced, PveError,
 * WaitTimeout when the guest falls silent.
 */
export async function patchGuest(target: GuestTarget, patching: Patching): Promise<Patched> {
  const why = reasonToSkip(patching);
  if (why !== undefined) return skip(patching, why);
  const key = `patch/${patching.run}/${patching.round ?? 1}`;
  const { policy, proxy = '' } = patching.patch;
  const waitSeconds = Math.floor(patching.timeout / 2000);
  const argv = scriptArgv('patch', [policy, proxy, String(waitSeconds)]);
  const begin = target.clock.monotonic();
  await startItem(target, patching, {
    key,
    argv,
    timeout: patching.timeout,
    maxOutput: 4 * 2 ** 20,
  });
  const status = await waitForEnd(target, patching, key);
  return conclude(patching, status, target.clock.monotonic() - begin);
}

function reasonToSkip({ patch, last, kind, now }: Patching): string | undefined {
  if (patch.policy === 'none') return 'patch.policy is none';
  if (kind === 'restore') return 'restore sessions do not wait for updates';
  if (last === undefined || last.result === 'failed' || last.at <= 0) return undefined;
  const age = now - last.at;
  if (age < 0 || age >= patch.maxAge) return undefined;
  return `patched ${formatDuration(age)} ago, maxAge is ${formatDuration(patch.maxAge)}`;
}

function skip({ last }: Patching, message: string): Patched {
  const at = last === undefined || last.result === 'failed' ? 0 : last.at;
  const record = { result: 'skipped', at, packages: [], rebooted: false, message } as const;
  return { record, rebootRequired: false, fatal: false };
}

async function waitForEnd(
  target: GuestTarget,
  patching: Patching,
  key: string,
): Promise<AttemptStatus> {
  const { timeout } = patching;
  let progress: Progress = { waitingFor: 'waiting-for-patch', message: '' };
  const onWait = (wait: GuestWait) => {
    const deadlineMs = wait.waitedMs < timeout ? timeout : timeout + LATE_MS;
    patching.onProgress?.({ ...wait, deadlineMs, ...progress });
  };
  return waitUntil(
    target,
    {
      waitingFor: 'waiting-for-patch',
      // The guest's own supervisor ends it at the timeout; this is for a guest that fell silent.
      timeout: timeout + LATE_MS + 120_000,
      onWait,
      hint: () => 'its supervisor should have ended it; look into the guest',
    },
    async () => {
      const status = await pollItem(target, key, 'last');
      progress = progressOf(status, status.elapsed >= timeout);
      const isOver = status.state === 'ended' || status.state === 'lost';
      return isOver || status.elapsed >= timeout + LATE_MS ? status : undefined;
    },
  ).catch((error: unknown) => {
    if (error instanceof GuestError && error.code === 'garbled')
      throw new GuestError('garbled', `${nameOf(target)}: ${error.message}`, error.remedy, error);
    throw error;
  });
}

interface Progress {
  readonly waitingFor: 'waiting-for-patch' | 'waiting-for-package-lock';
  readonly message: string;
}

function progressOf(status: AttemptStatus, isLate: boolean): Progress {
  const facts = factsOf(status);
  const manager = facts.manager ?? 'patch';
  if (facts.phase === 'lock')
    return {
      waitingFor: 'waiting-for-package-lock',
      message: `${manager}: another package manager is at work (${facts.holder ?? 'unknown'})`,
    };
  if (isLate)
    return {
      waitingFor: 'waiting-for-patch',
      message: `${manager}: over timeouts.patch, and not cut off while it installs`,
    };
  const waiting = facts.waiting;
  const count =
    waiting === undefined ? '' : `: ${waiting} ${waiting === '1' ? 'package' : 'packages'} waiting`;
  return { waitingFor: 'waiting-for-patch', message: `${manager}${count}` };
}

interface Facts {
  readonly manager?: string;
  readonly phase?: string;
  readonly holder?: string;
  readonly waiting?: string;
  readonly outcome?: string;
  readonly message?: string;
  readonly reboot?: string;
  readonly packages: readonly string[];
}

/** The result file of the script `patch`: `key<TAB>value` lines, the last of a key counts. */
function factsOf(status: AttemptStatus): Facts {
  const lines = outputLines(status.result ?? '');
  const values = Object.fromEntries(
    lines.flatMap(([key, value]) =>
      key === undefined || value === undefined ? [] : [[key, value]],
    ),
  );
  const packages = lines
    .filter(([key]) => key === 'package')
    .map(([, name = '', before = '-', after = '-']) => `${name} ${before} ${after}`);
  return { ...values, packages };
}

function conclude(patching: Patching, status: AttemptStatus, took: number): Patched {
  const facts = factsOf(status);
  const { result, message, unreachable } = verdictOf(status, facts, took);
  const record: PatchRecord = {
    result,
    at: patching.now + Math.round(took),
    ...(facts.manager === undefined ? {} : { manager: facts.manager }),
    packages: facts.packages,
    rebooted: false,
    ...(message === undefined ? {} : { message }),
  };
  const fatal = result === 'failed' && (!unreachable || patching.patch.required);
  const always = patching.patch.reboot === 'always' && result === 'patched';
  return { record, rebootRequired: always || facts.reboot === 'yes', fatal };
}

interface Verdict {
  readonly result: 'patched' | 'nothing' | 'failed';
  readonly message?: string;
  readonly unreachable: boolean;
}

function verdictOf(status: AttemptStatus, facts: Facts, took: number): Verdict {
  const failed = (message: string): Verdict => ({ result: 'failed', message, unreachable: false });
  if (status.state === 'lost')
    return failed('the guest was rebooted or its supervisor killed while patching');
  if (status.how === 'timeout')
    return failed(
      `no end within ${formatDuration(took)}: ended while ${doingOf(facts)}; nothing was being installed`,
    );
  if (status.how === undefined)
    return failed(
      `${facts.manager ?? 'the package manager'} still installs after ${formatDuration(took)}; it is not cut off, and the worker not powered off before it ends`,
    );
  if (status.how === 'stopped') return failed('stopped');
  switch (facts.outcome) {
    case 'patched':
      return {
        result: facts.packages.length === 0 ? 'nothing' : 'patched',
        ...messageOf(facts),
        unreachable: false,
      };
    case 'unreachable':
      return {
        result: 'failed',
        message: facts.message ?? 'the update source is unreachable',
        unreachable: true,
      };
    case 'failed':
      return failed(facts.message ?? lastLine(status));
    default:
      return failed(`ended with ${status.exitCode ?? 'no status'}: ${lastLine(status)}`);
  }
}

function doingOf({ phase }: Facts): string {
  switch (phase) {
    case 'lock':
      return 'waiting for another package manager';
    case 'download':
      return 'downloading updates';
    default:
      return 'asking for updates';
  }
}

function messageOf({ message }: Facts): { readonly message?: string } {
  return message === undefined || message === '' ? {} : { message };
}

function lastLine(status: AttemptStatus): string {
  const text = Buffer.from(status.tail ?? status.output).toString('utf8');
  const lines = text.split('\n').map(cleanField);
  return lines.findLast((line) => line.trim() !== '') ?? 'no output';
}
