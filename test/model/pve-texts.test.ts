import { describe, expect, it } from 'vitest';
import { PveError, TaskFailed } from '../../src/model/errors.ts';
import {
  agentFailure,
  classifyExit,
  isDigestConflict,
  isMissingProgram,
  isNodeUnreachable,
  isPidUnknown,
  isTaskUnknown,
  isVmidTaken,
  isVmLocked,
  isVmMissing,
  warningsOf,
} from '../../src/model/pve-texts.ts';

/** Every text below is one that a real Proxmox VE 9.2 gave, unless its line says otherwise. */
function failed(
  reason: string,
  request = 'PUT /nodes/pve1/qemu/101/config',
  status = 500,
): PveError {
  const failure = status === 403 ? 'forbidden' : status >= 595 ? 'node-unreachable' : 'failed';
  return new PveError({ failure, request, status, reason });
}

describe("a task's exit status", () => {
  it.each([
    ['OK', 'ok'],
    ['OK\n', 'ok'],
    ['WARNINGS: 3', 'warnings'],
    ['WARNINGS: 12', 'warnings'],
    ['WARNINGS: many', 'failed'],
    ['TASK WARNINGS: 3', 'failed'],
    ['WARNINGS: 3, and more', 'failed'],
    ["can't lock file '/var/lock/qemu-server/lock-210.conf' - got timeout", 'lock-timeout'],
    // From reports of others: storage and cluster file system locks.
    [
      "clone failed: can't lock file '/var/lock/pve-manager/pve-storage-local-lvm' - got timeout",
      'lock-timeout',
    ],
    ["clone failed: cfs-lock 'storage-ceph' error: got lock request timeout", 'lock-timeout'],
    ['unable to create image: got lock timeout - aborting command', 'lock-timeout'],
    [
      "clone failed: cfs-lock 'storage-thin-pool' error: 'storage-thin-pool'-locked command timed out - aborting",
      'lock-timeout',
    ],
    ["error with cfs lock 'storage-zfs': unable to create image: got timeout", 'lock-timeout'],
    ['VM is locked (backup)', 'locked'],
    [
      "clone failed: copy failed: command '/usr/bin/qemu-img convert' failed: interrupted by signal",
      'interrupted',
    ],
    ['unexpected status', 'interrupted'],
    ['received interrupt', 'interrupted'],
    ['download failed: unexpected status 404', 'failed'],
    ['an unexpected status', 'failed'],
    ['unexpected status 404', 'failed'],
    ['VM quit/powerdown failed - got timeout', 'failed'],
    [
      "can't lock file '/var/lock/qemu-server/lock-1.conf' - VM quit/powerdown failed - got timeout",
      'failed',
    ],
    ['start failed: QEMU exited with code 1', 'failed'],
    [
      "clone failed: unable to activate storage 'broken' - directory is expected to be a mount point",
      'failed',
    ],
    ["checksum mismatch: got '8109' != expect '0000'", 'failed'],
    ['', 'failed'],
  ])('P19: %s is %s', (text, kind) => {
    expect(classifyExit(text)).toBe(kind);
  });

  it('tells how many warnings there were', () => {
    expect(warningsOf('WARNINGS: 3')).toBe(3);
    expect(warningsOf('WARNINGS: 12\n')).toBe(12);
    for (const other of ['OK', 'TASK WARNINGS: 3', 'WARNINGS: 3, and more'])
      expect(warningsOf(other)).toBe(0);
  });
});

describe('the words of a failure', () => {
  it('tell a digest conflict of a config write and of a disk move', () => {
    expect(isDigestConflict(failed('checksum mismatch (file change by other user?)'))).toBe(true);
    const moved = 'detected modified configuration - file changed by other user? Try again.';
    expect(isDigestConflict(failed(moved))).toBe(true);
    expect(isDigestConflict(failed("checksum mismatch: got 'a' != expect 'b'"))).toBe(false);
  });

  it.each([
    ["Configuration file 'nodes/pve1/qemu-server/4711.conf' does not exist", true],
    ["unable to find configuration file for VM 4711 on node 'pve1'", true],
    ["storage 'nosuch' does not exist", false],
    ['VM 101 is not running', false],
    ["hostname lookup 'nope' failed", false],
  ])('tell a missing VM: %s', (reason, missing) => {
    expect(isVmMissing(failed(reason))).toBe(missing);
  });

  it('name the lock that refused a request or ended a task', () => {
    expect(isVmLocked(failed('VM is locked (snapshot-delete)'))).toBe('snapshot-delete');
    expect(isVmLocked(new TaskFailed('UPID', 'VM is locked (backup)', 'locked', []))).toBe(
      'backup',
    );
    expect(isVmLocked(failed('VM 101 is running - destroy failed'))).toBeUndefined();
    expect(isVmLocked(new Error('VM is locked (backup)'))).toBeUndefined();
    expect(isVmLocked(undefined)).toBeUndefined();
  });

  it.each([
    'unable to create VM 101: config file already exists',
    "unable to create VM 300 - VM 300 already exists on node 'pve2'",
    "close (rename) atomic file '/etc/pve/nodes/pve1/qemu-server/300.conf' failed: File exists",
  ])('P24: tell that a VM id is taken: %s', (reason) => {
    expect(isVmidTaken(failed(reason))).toBe(true);
    expect(isVmidTaken(new TaskFailed('UPID', reason, 'failed', []))).toBe(true);
  });

  it.each([
    "create pool failed: pool 'ticketpool' already exists",
    "Configuration file 'nodes/pve1/qemu-server/300.conf' does not exist",
  ])('nor is an id taken because of: %s', (reason) => {
    expect(isVmidTaken(failed(reason))).toBe(false);
  });

  it('are sought in the errors of single parameters too', () => {
    const refused = new PveError({
      failure: 'refused',
      request: 'GET /cluster/nextid',
      status: 400,
      reason: 'Parameter verification failed.',
      errors: { other: 'no', vmid: 'VM 300 already exists' },
    });
    expect(isVmidTaken(refused)).toBe(true);
    expect(isVmMissing(refused)).toBe(false);
  });

  it('tell a task that Proxmox keeps no record of', () => {
    const asked = (upid: string, status = 400) =>
      new PveError({
        failure: 'refused',
        request: 'GET /nodes/pve1/tasks/UPID/status',
        status,
        reason: 'Parameter verification failed.',
        errors: { upid },
      });
    expect(isTaskUnknown(asked('no such task'))).toBe(true);
    expect(isTaskUnknown(asked('unable to parse worker upid'))).toBe(false);
    expect(isTaskUnknown(failed('no such task'))).toBe(false);
    expect(isTaskUnknown(new Error('no such task'))).toBe(false);
  });

  it('tell a node that does not answer, by status or by its name that nobody knows', () => {
    expect(isNodeUnreachable(failed('No route to host', 'GET /nodes/pve2/qemu', 595))).toBe(true);
    const unknown = "address lookup for 'pve2' did not find any IP address";
    expect(isNodeUnreachable(failed(unknown, 'GET /nodes/pve2/qemu'))).toBe(true);
    expect(isNodeUnreachable(failed("storage 'x' does not exist"))).toBe(false);
  });
});

describe('a failure of the guest agent', () => {
  const ping = 'POST /nodes/pve1/qemu/101/agent/ping';
  it.each([
    ['No QEMU guest agent configured', 500, 'not-configured'],
    ['VM 101 is not running', 500, 'not-running-vm'],
    ['VM 101 not running', 500, 'not-running-vm'],
    ['QEMU guest agent is not running', 500, 'not-answering'],
    ["VM 101 qga command 'guest-ping' failed - got timeout", 500, 'not-answering'],
    ["VM 101 qga command 'guest-ping' failed - unable to open file", 500, undefined],
    [
      'Permission check failed (/vms/100, VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)',
      403,
      'forbidden',
    ],
    ["storage 'x' does not exist", 500, undefined],
  ])('P29: %s is %s', (reason, status, kind) => {
    expect(agentFailure(failed(reason, ping, status))).toBe(kind);
  });

  it('is not seen in requests that ask no agent', () => {
    expect(agentFailure(failed('VM 101 is not running'))).toBeUndefined();
    expect(agentFailure(new Error('QEMU guest agent is not running'))).toBeUndefined();
    expect(agentFailure(failed('Permission check failed', undefined, 403))).toBeUndefined();
  });

  it('may be a process that the agent does not know any more', () => {
    const status = 'GET /nodes/pve1/qemu/101/agent/exec-status';
    // Proxmox' own slip: the number is missing.
    expect(isPidUnknown(failed('Agent error: PID ld does not exist', status))).toBe(true);
    expect(isPidUnknown(failed('Agent error: PID 4242 does not exist', status))).toBe(true);
    expect(isPidUnknown(failed('QEMU guest agent is not running', status))).toBe(false);
  });

  it('may be a program that the guest does not have: 596 to an exec', () => {
    const exec = 'POST /nodes/pve1/qemu/101/agent/exec';
    expect(isMissingProgram(failed('Broken pipe', exec, 596))).toBe(true);
    expect(isMissingProgram(failed('Broken pipe', ping, 596))).toBe(false);
  });
});
