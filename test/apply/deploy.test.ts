import { describe, expect, it } from 'vitest';
import { editConfig, migrate } from '../../src/simulator/by-hand.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import {
  applied,
  type Declared,
  declare,
  EAGER,
  expectCode,
  expectSettled,
  openSite,
  oursIn,
  roomyWorld,
  vmOf,
} from './site.ts';

const CLOUD =
  'https://cloud.debian.org/images/cloud/trixie/latest/debian-13-genericcloud-amd64.qcow2';
const image = (source: Declared): Declared => ({ images: { 'debian-13': source } });

describe('deploy', () => {
  it.each([
    ['a full clone', { template: 9000, clone: 'full' }],
    ['a linked clone', { template: 9000, clone: 'linked' }],
    ['a template named per node', { template: { perNode: { pve1: 9000 } } }],
    ['an imported disk image', { import: 'local:import/debian-13.qcow2' }],
    [
      'a disk image that PVE downloads',
      { url: CLOUD, checksum: `sha512:${'5d'.repeat(64)}`, storage: 'local' },
    ],
  ])(
    'makes a VM from %s with all its marks, tests it, and then there is nothing to do',
    async (_, source) => {
      const worker = { ...EAGER, disk: { size: '24GiB', storage: 'local-lvm' } };
      const house = openSite({ w1: worker }, image(source));
      await applied(house, '--test');
      expect(house.state().workers.w1?.last.test?.result).toBe('passed');
      expect(vmOf(house).config).toMatchObject({ name: 'w1', tags: 'muster', cores: '6' });
      expect(vmOf(house).config.scsi0).toContain('size=24G');
      await expectSettled(house);
    },
  );

  it.each([
    ['host', { type: 'host' }],
    ['x86-64-v2-AES', {}],
  ])('a VM from a disk image has the CPU type %s when declared are %j', async (type, cpu) => {
    const worker = { ...EAGER, storage: 'local-lvm', cpu };
    const house = openSite({ w1: worker }, image({ import: 'local:import/debian-13.qcow2' }));
    await applied(house);
    expect(vmOf(house).config.cpu).toBe(type);
    await expectSettled(house);
  });

  it.each([
    ['a template that has none', { template: 9000 }],
    ['a disk image', { import: 'local:import/debian-13.qcow2' }],
  ])(
    'W24: a VM from %s has a cloud-init drive of its own, whatever its network offers, and gets it back',
    async (_, source) => {
      const world = quickstartWorld();
      const vms = world.vms.map((vm) => ({
        ...vm,
        config: { ...vm.config, ide2: 'none,media=cdrom' },
      }));
      const networks = [{ bridge: 'vmbr0', ipv4: 'none', ipv6: 'none' }];
      const worker = { ...EAGER, storage: 'local-lvm', networks };
      const house = openSite({ w1: worker }, image(source), { world: { ...world, vms } });
      await applied(house);
      const drives = () =>
        Object.entries(vmOf(house).config).filter(([, value]) => value.includes('cloudinit'));
      const [[slot = '', drive] = []] = drives();
      expect(drive).toMatch(/^local-lvm:vm-9100-cloudinit,/);
      editConfig(house.cluster.world, 9100, {}, [slot]);
      expect(drives()).toEqual([]);
      await applied(house);
      expect(drives()).toHaveLength(1);
      await expectSettled(house);
    },
  );

  it('an image at an address without a file name gets a name that PVE takes', async () => {
    const url = 'https://images.example.net/latest/';
    const source = image({ url, checksum: `sha512:${'5d'.repeat(64)}`, storage: 'local' });
    const house = openSite({ w1: { ...EAGER, storage: 'local-lvm' } }, source);
    await house.muster('apply', '--auto-approve');
    const asked = house.cluster.journal().find(({ path }) => path.endsWith('/download-url'));
    expect(JSON.stringify(asked)).toContain('image-5d5d5d5d5d5d.qcow2');
  });

  it('a VM that somebody moved to a node without its template, and that is declared there, stays as it is', async () => {
    const source = image({ template: { perNode: { pve1: 9000 } } });
    const house = openSite({ w1: EAGER }, source);
    await applied(house);
    migrate(house.cluster.world, 9100, 'pve2');
    declare(house, { w1: { ...EAGER, node: 'pve2' } }, source);
    await applied(house);
    expect(oursIn(house).map(({ vmid, node }) => [vmid, node])).toEqual([[9100, 'pve2']]);
    await expectSettled(house);
  });

  it('a linked clone whose disk shall lie elsewhere ends there', async () => {
    const worker = { ...EAGER, storage: 'fast' };
    const source = image({ template: 9000, clone: 'linked' });
    const house = openSite({ w1: worker }, source, { world: roomyWorld() });
    await applied(house);
    expect(vmOf(house).config.scsi0).toContain('fast:');
    await expectSettled(house);
  });

  it.each([30, 34, 38, 42])(
    'P13 P47: killed at effect %i while its disk is moved or grown, one more apply ends the same VM',
    async (atEffect) => {
      const source = image({ template: 9000, clone: 'linked' });
      const worker = { ...EAGER, storage: 'fast' };
      const house = openSite({ w1: worker }, source, { world: roomyWorld() });
      await house.musterKilled({ atEffect, when: 'after' }, 'apply', '--auto-approve');
      await house.clock.sleep(180_000);
      await applied(house);
      expect(oursIn(house).map(({ vmid }) => vmid)).toEqual([9100]);
      await expectSettled(house);
    },
  );

  it('W14: a download with another checksum fails the deploy with what was seen, and leaves nothing', async () => {
    const source = image({ url: CLOUD, checksum: `sha512:${'00'.repeat(64)}`, storage: 'local' });
    const house = openSite({ w1: { ...EAGER, storage: 'local-lvm' } }, source);
    const told = expectCode(await house.muster('apply', '--auto-approve'), 5);
    expect(told.stdout).toContain('checksum mismatch');
    expect(oursIn(house)).toEqual([]);
    declare(
      house,
      { w1: { ...EAGER, storage: 'local-lvm' } },
      image({ url: CLOUD, checksum: `sha512:${'5d'.repeat(64)}`, storage: 'local' }),
    );
    await applied(house);
    await expectSettled(house);
  });

  it('one download serves all workers of a node', async () => {
    const source = image({ url: CLOUD, checksum: `sha512:${'5d'.repeat(64)}`, storage: 'local' });
    const worker = { ...EAGER, storage: 'local-lvm' };
    const house = openSite({ w1: worker, w2: worker, w3: worker }, source);
    await applied(house);
    const downloads = house.cluster.journal().filter(({ path }) => path.includes('download-url'));
    expect(downloads).toHaveLength(1);
    await expectSettled(house);
  });
});
