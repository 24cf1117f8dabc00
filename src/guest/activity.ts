import { outputLines } from './output-lines.ts';
import { runScript } from './run-script.ts';
import type { GuestTarget } from './target.ts';

/** What goes on inside a guest that a power-off would break. */
export interface GuestActivity {
  /** Keys (as directory names) of attempts that run. */
  readonly attempts: readonly string[];
  /** Names of package managers at work. */
  readonly packages: readonly string[];
  /** The highest fence that the guest has seen; 0: none. */
  readonly fence: number;
}

/** One look inside. Throws PveError (`agentTrouble` tells), GuestError, WaitTimeout. */
export async function guestActivity(target: GuestTarget): Promise<GuestActivity> {
  const lines = outputLines(await runScript(target, 'activity', [], { timeout: 30_000 }));
  const named = (kind: string) =>
    lines.flatMap(([first, name]) => (first === kind && name !== undefined ? [name] : []));
  return {
    attempts: named('attempt'),
    packages: named('packages'),
    fence: Number(named('fence')[0] ?? 0) || 0,
  };
}

/** True while a package manager works in the guest: it must never be forced off then. */
export async function busyWithPackages(target: GuestTarget): Promise<boolean> {
  return (await guestActivity(target)).packages.length > 0;
}
