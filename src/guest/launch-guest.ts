import { GuestError } from '../model/errors.ts';
import type { FileSpec } from '../model/worker.ts';
import { outputLines } from './output-lines.ts';
import { runScript, scriptText } from './run-script.ts';
import { sendFiles } from './send-files.ts';
import { type Actor, type GuestTarget, nameOf } from './target.ts';

const DEFAULT_DEAD_MAN = 30 * 60_000;

export interface Launch extends Actor {
  readonly worker: string;
  readonly files: readonly FileSpec[];
  /** Base64 by SHA-256, as in `Desired.contents`. */
  readonly contents: Readonly<Record<string, string>>;
  /** Ms without a beat after which the guest powers itself off; default 30 minutes. */
  readonly deadManMs?: number;
}

export interface Launched {
  /** Paths of `files:` that were written because they differed. */
  readonly written: readonly string[];
  /** Which way the timer runs: a transient unit of systemd, or a process of its own. */
  readonly deadMan: string;
}

/**
 * Takes a guest over for one run: its fence is raised, the dead-man timer armed (power off when no beat came
 * for that long and neither an attempt nor a package manager runs), then the declared files are written.
 * Throws Fenced, GuestError, PveError.
 */
export async function launchGuest(target: GuestTarget, launch: Launch): Promise<Launched> {
  const seconds = Math.max(1, Math.ceil((launch.deadManMs ?? DEFAULT_DEAD_MAN) / 1000));
  const args = [String(launch.fence), launch.run, String(seconds), launch.worker];
  const text = await runScript(target, 'launch', [...args, scriptText('deadman')], {
    timeout: 30_000,
  });
  const armed = outputLines(text).find(([kind]) => kind === 'armed')?.[1];
  if (armed === undefined)
    throw new GuestError('not-armed', `${nameOf(target)}: the dead-man timer did not start`);
  const written = await sendFiles(target, launch, launch.files, launch.contents);
  return { written, deadMan: armed };
}

/** Puts the dead-man timer off by its whole length. Throws Fenced when another run has taken over, PveError. */
export async function beatGuest(target: GuestTarget, actor: Actor): Promise<void> {
  await runScript(target, 'beat', [String(actor.fence), actor.run], { timeout: 20_000 });
}
