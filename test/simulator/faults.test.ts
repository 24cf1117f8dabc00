import { describe, expect, it } from 'vitest';
import type { FaultEffect } from '../../src/simulator/world.ts';
import { cloned, drive, running } from './driver.ts';

function faulty(method: string, path: string, effect: FaultEffect, nth?: number) {
  const driver = drive();
  driver.cluster.inject({ match: { method, path, ...(nth === undefined ? {} : { nth }) }, effect });
  return driver;
}

const clone = { newid: '9100', full: '1' };
const CLONE = '/nodes/pve1/qemu/9000/clone';

describe('a scripted fault', () => {
  it('fails the next matching request once, without doing it', () => {
    const driver = faulty('POST', '/clone$', { kind: 'fail', status: 500, reason: 'got timeout' });
    expect(() => driver.call('POST', CLONE, clone)).toThrow('500 got timeout');
    expect(driver.call('GET', '/cluster/nextid', { vmid: '9100' })).toBe('9100');
    expect(driver.ends(driver.call('POST', CLONE, clone))).toBe('OK');
  });

  it('strikes the nth match when told so', () => {
    const driver = faulty('GET', '^/version$', { kind: 'fail', status: 502, reason: 'x' }, 2);
    driver.call('GET', '/version');
    expect(() => driver.call('GET', '/version')).toThrow('502');
    driver.call('GET', '/version');
  });

  it('loses the answer of a request that was carried out', () => {
    const driver = faulty('POST', '/clone$', { kind: 'do-then-drop' });
    expect(() => driver.call('POST', CLONE, clone)).toThrow('dropped');
    driver.sleep(20_000);
    expect(driver.call('GET', '/nodes/pve1/qemu/9100/config')).toMatchObject({ cores: 2 });
  });

  it('loses a request on its way', () => {
    const driver = faulty('POST', '/clone$', { kind: 'drop-before' });
    expect(() => driver.call('POST', CLONE, clone)).toThrow('dropped');
    expect(driver.call('GET', '/cluster/nextid', { vmid: '9100' })).toBe('9100');
  });

  it('says that a worker could not be started although it was', () => {
    const reason = 'got no worker upid - start worker failed';
    const driver = faulty('POST', '/clone$', { kind: 'do-then-fail', status: 500, reason });
    expect(() => driver.call('POST', CLONE, clone)).toThrow(reason);
    driver.sleep(20_000);
    expect(driver.call('GET', '/nodes/pve1/qemu/9100/config')).toMatchObject({ cores: 2 });
  });

  it('delays an answer', () => {
    const driver = faulty('GET', '^/version$', { kind: 'delay', ms: 9000 });
    const before = driver.now();
    driver.call('GET', '/version');
    expect(driver.now() - before).toBeGreaterThanOrEqual(9000);
  });

  it('fails a task, which cleans up', () => {
    const text = "can't lock file '/var/lock/qemu-server/lock-9000.conf' - got timeout";
    const driver = faulty('POST', '/clone$', { kind: 'fail-task', text });
    expect(driver.ends(driver.call('POST', CLONE, clone))).toBe(text);
    expect(driver.call('GET', '/cluster/nextid', { vmid: '9100' })).toBe('9100');
  });

  it("kills a task's worker, which leaves its lock", () => {
    const driver = faulty('POST', '/clone$', { kind: 'kill-task-worker' });
    expect(driver.ends(driver.call('POST', CLONE, clone))).toBe('unexpected status');
    expect(driver.call('GET', '/nodes/pve1/qemu/9100/config')).toMatchObject({ lock: 'clone' });
    expect(driver.ends(driver.call('DELETE', '/nodes/pve1/qemu/9100'))).toBe(
      'VM is locked (clone)',
    );
    expect(() => driver.call('PUT', '/nodes/pve1/qemu/9100/config', { delete: 'lock' })).toThrow(
      "500 only root can set 'lock' config",
    );
    const left = driver.call('GET', '/nodes/pve1/storage/local-lvm/content', { vmid: '9100' });
    expect(left).toMatchObject([{ volid: 'local-lvm:vm-9100-disk-0' }]);
  });

  it('lets somebody else be faster', () => {
    const driver = faulty('POST', '/clone$', {
      kind: 'first',
      change: { kind: 'take-vmid', vmid: 9100, node: 'pve1' },
    });
    expect(() => driver.call('POST', CLONE, clone)).toThrow('config file already exists');
  });

  it('expires a token', () => {
    const driver = faulty('GET', '^/version$', {
      kind: 'first',
      change: { kind: 'expire-token', token: 'muster@pve!simulator' },
    });
    expect(() => driver.call('GET', '/version')).toThrow('401 Authentication failed!');
  });

  it('edits a machine between reading and writing', () => {
    const driver = drive();
    const vm = cloned(driver);
    const { digest } = driver.call('GET', `${vm}/config`) as { digest: string };
    driver.cluster.inject({
      match: { method: 'PUT', path: '/config$' },
      effect: { kind: 'first', change: { kind: 'edit-vm', vmid: 9100, set: { cores: '9' } } },
    });
    expect(() => driver.call('PUT', `${vm}/config`, { cores: '3', digest })).toThrow(
      '500 checksum mismatch (file change by other user?)',
    );
  });

  it('restarts an agent, which kills its children only', () => {
    const driver = drive();
    const vm = running(driver);
    const { pid } = driver.call('POST', `${vm}/agent/exec`, { command: ['sleep', '600'] }) as {
      pid: number;
    };
    const guest = driver.cluster.world.vms['9100']?.power.guest;
    guest?.processes.push({
      pid: 7,
      name: 'unit',
      argv: ['x'],
      startedMs: driver.now(),
      endsMs: driver.now() + 60_000,
      exit: 0,
      output: '',
      errors: '',
      inAgentCgroup: false,
      onEnd: [{ kind: 'write-file', path: '/var/tmp/rc', content: '0\n' }],
      timeline: [
        {
          atMs: driver.now() + 1000,
          effect: { kind: 'append-file', path: '/var/tmp/out', content: 'a\n' },
        },
      ],
    });
    driver.cluster.inject({
      match: { method: 'GET', path: '^/version$' },
      effect: { kind: 'first', change: { kind: 'restart-agent', vmid: 9100 } },
    });
    driver.call('GET', '/version');
    expect(() => driver.call('POST', `${vm}/agent/ping`)).toThrow('not running');
    driver.sleep(3000);
    expect(() => driver.call('GET', `${vm}/agent/exec-status`, { pid: String(pid) })).toThrow(
      'does not exist',
    );
    expect(driver.call('GET', `${vm}/agent/file-read`, { file: '/var/tmp/out' })).toMatchObject({
      content: 'a\n',
    });
    driver.sleep(60_000);
    expect(driver.call('GET', `${vm}/agent/file-read`, { file: '/var/tmp/rc' })).toMatchObject({
      content: '0\n',
    });
  });
});
