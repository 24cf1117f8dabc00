import type { Guest, Program } from '../program.ts';
import { answer } from './answer.ts';
import { attemptFolder, runningAttempts } from './attempts.ts';
import { readFile } from './disk.ts';
import { highestFence } from './fence.ts';

/** The name that the manager of each system shows as a process. */
export const MANAGER_PROCESS = {
  apt: 'apt-get',
  dnf: 'dnf',
  zypper: 'zypper',
  apk: 'apk',
} as const;

export const activity: Program = ({ guest, nowMs }) => {
  const busy = guest.packages.lockedUntilMs > nowMs;
  return answer([
    ...runningAttempts(guest).flatMap((key) => activityOf(guest, key)),
    ...(busy ? [['packages', MANAGER_PROCESS[guest.os.packageManager]]] : []),
    ['fence', highestFence(guest)],
  ]);
};

/** One that leaves facts behind is a patching: between two of its steps no package manager runs. */
function activityOf(guest: Guest, key: string): string[][] {
  const facts = readFile(guest, `${attemptFolder(key)}/result`) ?? '';
  return facts === ''
    ? [['attempt', key]]
    : [
        ['attempt', key],
        ['packages', 'muster-patch'],
      ];
}
