import type { Program } from '../program.ts';
import { answer } from './answer.ts';
import { runningAttempts } from './attempts.ts';
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
    ...runningAttempts(guest).map((key) => ['attempt', key]),
    ...(busy ? [['packages', MANAGER_PROCESS[guest.os.packageManager]]] : []),
    ['fence', highestFence(guest)],
  ]);
};
