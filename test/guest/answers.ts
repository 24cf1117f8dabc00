import type { GuestTarget } from '../../src/guest/target.ts';
import { PveError } from '../../src/model/errors.ts';
import type { ExecResult, PveAgent } from '../../src/model/pve-port.ts';

/** Failures of the agent as Proxmox words them. */
export const agentSilent = () => pveError(500, 'failed', 'QEMU guest agent is not running');
export const pidUnknown = () => pveError(500, 'failed', 'Agent error: PID ld does not exist');
export const notConfigured = () => pveError(500, 'failed', 'No QEMU guest agent configured');
export const vmOff = () => pveError(500, 'failed', 'VM 9100 is not running');
export const blockedCommand = () =>
  pveError(500, 'failed', 'Agent error: Command guest-exec has been disabled');
export const forbidden = () =>
  pveError(403, 'forbidden', 'Permission check failed (/vms/9100, VM.GuestAgent.Unrestricted)');

function pveError(status: number, failure: PveError['facts']['failure'], reason: string): PveError {
  const request = 'POST /nodes/pve1/qemu/9100/agent/exec';
  return new PveError({ failure, request, status, reason });
}

/** A guest whose every command answers the same: what strangers may print. */
export function sayingTarget(answer: Partial<ExecResult>): GuestTarget {
  const agent: PveAgent = {
    ping: async () => undefined,
    exec: async () => ({ exitCode: 0, stdout: '', stderr: '', truncated: false, ...answer }),
    readFile: async () => undefined,
    writeFile: async () => undefined,
    addresses: async () => ['192.168.2.58'],
  };
  let now = 0;
  const clock = {
    now: () => now,
    monotonic: () => now,
    sleep: async (ms: number) => {
      now += ms;
    },
  };
  return { agent, node: 'pve1', vmid: 9100, clock };
}
