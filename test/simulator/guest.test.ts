import { describe, expect, it } from 'vitest';
import { networkOf } from '../../src/simulator/guest/network.ts';
import { PBS_FINGERPRINT, quickstartWorld } from '../../src/simulator/worlds.ts';
import { cloned, type Driver, drive, execute, running } from './driver.ts';

function guestOf(driver: Driver, vmid = 9100) {
  const guest = driver.cluster.world.vms[String(vmid)]?.power.guest;
  if (guest === undefined) throw new Error(`VM ${vmid} has no guest`);
  return guest;
}

function networkIn(driver: Driver) {
  return networkOf(driver.cluster.world, guestOf(driver));
}

describe('a guest', () => {
  it('sees the processors, memory and disk that its machine was started with', () => {
    const driver = drive();
    const vm = cloned(driver);
    driver.call('PUT', `${vm}/config`, { cores: '6', memory: '6144' });
    driver.ends(driver.call('PUT', `${vm}/resize`, { disk: 'scsi0', size: '20G' }));
    driver.ends(driver.call('POST', `${vm}/status/start`));
    driver.call('PUT', `${vm}/config`, { cores: '2' });
    expect(guestOf(driver)).toMatchObject({
      cpus: 6,
      memoryBytes: 6 * 1024 ** 3,
      diskBytes: 20 * 1024 ** 3,
    });
  });

  it('gets its address by DHCP, or the one that cloud-init is given', () => {
    const driver = drive();
    running(driver);
    expect(guestOf(driver).interfaces[0]?.addresses[0]).toMatch(/^192\.168\.1\.1\d\d\/24$/);
    const vm = cloned(driver, 9101);
    driver.call('PUT', `${vm}/config`, {
      ipconfig0: 'ip=192.168.1.60/24,gw=192.168.1.1',
      nameserver: '192.168.1.1',
    });
    driver.ends(driver.call('POST', `${vm}/status/start`));
    expect(guestOf(driver, 9101).interfaces[0]).toMatchObject({
      addresses: ['192.168.1.60/24'],
      gateway: '192.168.1.1',
    });
  });

  it('gets no address on a VLAN that nobody serves', () => {
    const driver = drive();
    const vm = cloned(driver);
    driver.call('PUT', `${vm}/config`, { net0: 'virtio,bridge=vmbr0,tag=99' });
    driver.ends(driver.call('POST', `${vm}/status/start`));
    expect(guestOf(driver).interfaces[0]?.addresses).toEqual([]);
    expect(networkIn(driver).connect('192.168.1.40', 8007)).toEqual({ kind: 'no-route' });
  });

  it('reaches what its network reaches', () => {
    const driver = drive();
    running(driver);
    const network = networkIn(driver);
    expect(network.connect('pbs.example.net', 8007)).toMatchObject({
      kind: 'open',
      tlsFingerprint: PBS_FINGERPRINT,
    });
    expect(network.connect('pbs.example.net', 9)).toMatchObject({ kind: 'refused' });
    expect(network.connect('nosuch.example.net', 80)).toEqual({ kind: 'unknown-host' });
    expect(network.connect('192.168.1.200', 80)).toEqual({ kind: 'timeout' });
    expect(network.connect('pve1', 8006)).toMatchObject({ kind: 'open' });
    expect(network.ping('192.168.1.1')).toMatchObject({ answered: true });
    expect(network.mirror()).toEqual({ reachable: true, why: '' });
  });

  it('reaches nothing outside when the gateway is down', () => {
    const driver = drive();
    running(driver);
    for (const segment of driver.cluster.world.network.segments) segment.gatewayUp = false;
    const network = networkIn(driver);
    expect(network.connect('203.0.113.10', 80)).toEqual({ kind: 'timeout' });
    expect(network.connect('192.168.1.40', 8007)).toMatchObject({ kind: 'open' });
    expect(network.resolve('mirror.example.net')).toEqual([]);
  });

  it('keeps its files over a power-off, but not those of /run and /tmp', () => {
    const driver = drive();
    const vm = running(driver);
    for (const file of ['/var/lib/muster', '/tmp/x', '/run/y']) {
      driver.call('POST', `${vm}/agent/file-write`, { file, content: 'kept' });
    }
    driver.ends(driver.call('POST', `${vm}/status/shutdown`));
    driver.ends(driver.call('POST', `${vm}/status/start`));
    driver.sleep(20_000);
    expect(driver.call('GET', `${vm}/agent/file-read`, { file: '/var/lib/muster' })).toMatchObject({
      content: 'kept',
    });
    expect(() => driver.call('GET', `${vm}/agent/file-read`, { file: '/tmp/x' })).toThrow(
      'No such file',
    );
    expect(() => driver.call('GET', `${vm}/agent/file-read`, { file: '/run/y' })).toThrow(
      'No such file',
    );
  });

  it('has a shell that knows the simple things', () => {
    const driver = drive();
    const vm = running(driver);
    expect(
      execute(driver, vm, ['sh', '-c', 'echo "a b"; test -d /etc && echo yes; exit 4']),
    ).toMatchObject({
      exitcode: 4,
      'out-data': 'a b\nyes\n',
    });
    expect(execute(driver, vm, ['sh', '-c', 'true', 'muster-nosuch/1']).exitcode).toBe(127);
    expect(execute(driver, vm, ['cloud-init', 'status', '--wait']).exitcode).toBe(0);
  });

  it("runs a script of its owner for as long as that VM's backup takes", () => {
    const driver = drive();
    const vm = running(driver);
    driver.call('POST', `${vm}/agent/file-write`, {
      file: '/usr/local/bin/backup-vm',
      content: '#!/bin/sh\n',
    });
    expect(() => execute(driver, vm, ['backup-vm', '101'])).toThrow('596 Broken pipe');
    const script = guestOf(driver).files['/usr/local/bin/backup-vm'];
    if (script) script.mode = 0o755;
    const before = driver.now();
    expect(execute(driver, vm, ['/usr/local/bin/backup-vm', '101']).exitcode).toBe(0);
    expect(driver.now() - before).toBeGreaterThan(30_000);
  });

  it('goes down by itself when it is told to inside, and without a task', () => {
    const driver = drive();
    const vm = running(driver);
    driver.call('POST', `${vm}/agent/exec`, { command: ['poweroff'] });
    driver.sleep(3000);
    expect(driver.call('GET', `${vm}/status/current`)).toMatchObject({ status: 'stopped' });
    expect(() => driver.call('GET', `${vm}/agent/exec-status`, { pid: '1' })).toThrow(
      'VM 9100 is not running',
    );
  });

  it('may be deaf to shutdowns: the task fails in time, or forces it', () => {
    const spec = quickstartWorld();
    const image = { ...spec.images['debian-13'], os: 'debian' as const, ignoresShutdown: true };
    const driver = drive({ ...spec, images: { ...spec.images, 'debian-13': image } });
    const vm = running(driver);
    const down = (more: Record<string, string>) =>
      driver.ends(driver.call('POST', `${vm}/status/shutdown`, { timeout: '5', ...more }));
    expect(down({})).toBe('VM quit/powerdown failed');
    expect(down({ forceStop: '1' })).toBe('OK');
  });

  it('has no agent when its image has none, or its config has it off', () => {
    const driver = drive();
    const vm = cloned(driver);
    driver.call('PUT', `${vm}/config`, { delete: 'agent' });
    driver.ends(driver.call('POST', `${vm}/status/start`));
    driver.sleep(60_000);
    expect(() => driver.call('POST', `${vm}/agent/ping`)).toThrow(
      '500 No QEMU guest agent configured',
    );
  });

  it('reboots by a task that ends before the machine is up again', () => {
    const driver = drive();
    const vm = running(driver);
    driver.call('PUT', `${vm}/config`, { cores: '3' });
    expect(driver.ends(driver.call('POST', `${vm}/status/reboot`))).toBe('OK');
    expect(driver.call('GET', `${vm}/status/current`)).toMatchObject({ status: 'stopped' });
    driver.sleep(2000);
    expect(driver.call('GET', `${vm}/status/current`)).toMatchObject({
      status: 'running',
      cpus: 3,
    });
  });
});
