import type { Guest } from '../program.ts';
import { type Found, found } from './probe.ts';
import type { Question } from './question.ts';

/** What the kernel leaves of the memory, and a file system of the disk. */
export const VISIBLE_MEMORY = 0.96;
export const VISIBLE_DISK = 0.95;

export function checkResources(guest: Guest, question: Question): Found {
  const memory = Math.floor((guest.memoryBytes * VISIBLE_MEMORY) / 1024) * 1024;
  const disk = diskTotal(guest);
  const seen = `${guest.cpus} vCPU, ${gib(memory)}, ${gib(disk)} on /`;
  const older = 'are declared: the VM runs with older settings';
  if (guest.cpus < question.cores)
    return found('fail', seen, `${question.cores} vCPU ${older}, or its kernel does not use them`);
  if (memory < question.memory * 0.85 - 64 * 2 ** 20)
    return found('fail', seen, `${gib(question.memory)} ${older}, or a balloon took memory`);
  if (disk < question.disk * 0.7)
    return found(
      'warn',
      seen,
      `the disk has ${gib(question.disk)}: the image does not grow its root file system (cloud-init growpart)`,
    );
  return found('pass', seen);
}

export function checkDiskSpace(guest: Guest): Found {
  const seen = `${gib(guest.freeBytes)} free on /`;
  if (guest.freeBytes < 2 ** 28)
    return found('fail', seen, 'less than 0.25 GiB: make disk.size larger, or clean the image');
  if (guest.freeBytes < 2 ** 30) return found('warn', seen, 'less than 1 GiB: updates may not fit');
  return found('pass', seen);
}

export function checkClock(guest: Guest, question: Question, nowMs: number): Found {
  const skew = Math.floor((nowMs + guest.clockSkewMs) / 1000) - question.now;
  const seen = `${skew} s from the cluster`;
  const hint =
    'time service missing in the guest (chrony, systemd-timesyncd), or UDP port 123 is dropped';
  if (Math.abs(skew) > 300) return found('fail', seen, hint);
  if (Math.abs(skew) > 10) return found('warn', seen, hint);
  return found('pass', seen);
}

function diskTotal(guest: Guest): number {
  return Math.floor((guest.diskBytes * VISIBLE_DISK) / 1024) * 1024;
}

/** Rounded down to a tenth, as the script's whole-number arithmetic does. */
function gib(bytes: number): string {
  const tenths = Math.floor((bytes * 10) / 2 ** 30);
  return `${Math.floor(tenths / 10)}.${tenths % 10} GiB`;
}
