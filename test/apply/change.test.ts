import { describe, expect, it } from 'vitest';
import { editConfig, migrate } from '../../src/simulator/by-hand.ts';
import {
  applied,
  declare,
  deployedSite,
  EAGER,
  expectSettled,
  oursIn,
  planned,
  plannedWorker,
  roomyWorld,
  vmOf,
} from './site.ts';

describe('change', () => {
  it('update changes a powered-off VM in place, pool included', async () => {
    const house = await deployedSite(undefined, undefined, { world: roomyWorld() });
    const cluster = { endpoint: 'simulator', vmids: { from: 9100, to: 9119 }, pool: 'workers' };
    declare(house, { w1: { ...EAGER, storage: 'fast', memory: '8GiB' } }, { cluster });
    await applied(house);
    expect(vmOf(house).config.memory).toBe('8192');
    expect(vmOf(house).config.scsi0).toContain('fast:');
    expect(house.cluster.world.pools.workers?.vms).toEqual([9100]);
    await expectSettled(house);
    declare(house, { w1: { ...EAGER, storage: 'fast' } });
    await applied(house);
    expect(house.cluster.world.pools.workers?.vms).toEqual([]);
    await expectSettled(house);
  });

  it.each(['replace', 'nextDeploy', 'ignore'])(
    'another image with onImageChange: %s',
    async (onImageChange) => {
      const images = {
        images: { a: { template: 9000 }, b: { template: 9010 } },
        defaults: { image: 'a' },
      };
      const worker = (name: string) => ({ w1: { ...EAGER, image: name, onImageChange } });
      const house = await deployedSite(worker('a'), images, { world: roomyWorld() });
      const uuid = house.state().workers.w1?.vm?.uuid;
      declare(house, worker('b'), images);
      await applied(house);
      const record = house.state().workers.w1;
      expect(record?.vm?.vmid).toBe(9100);
      expect(record?.image?.name).toBe(onImageChange === 'replace' ? 'b' : 'a');
      expect(record?.vm?.uuid === uuid).toBe(onImageChange !== 'replace');
      await expectSettled(house);
      if (onImageChange === 'replace') return;
      await applied(house, '--replace', 'w1');
      expect(house.state().workers.w1?.image?.name).toBe('b');
      await expectSettled(house);
    },
  );

  it.each([
    ['another name, nextDeploy', 'b', { onImageChange: 'nextDeploy' }],
    ['another name, ignore', 'b', { onImageChange: 'ignore' }],
    ['the same name, ignore', 'a', { onImageChange: 'ignore' }],
  ])(
    'the CPU type that a bare disk image came with stays while its VM does: a template of %s',
    async (_, name, fields) => {
      const bare = { import: 'local:import/debian-13.qcow2' };
      const images = { images: { a: bare }, defaults: { image: 'a' } };
      const later = { images: { a: bare, [name]: { template: 9000 } }, defaults: { image: 'a' } };
      const worker = { ...EAGER, storage: 'local-lvm', ...fields };
      const house = await deployedSite({ w1: { ...worker, image: 'a' } }, images);
      declare(house, { w1: { ...worker, image: name } }, later);
      const { workers } = await planned(house);
      expect(workers.flatMap(({ changes }) => changes.map(({ path }) => path))).not.toContain(
        'cpu.type',
      );
      await applied(house);
      declare(house, { w1: { ...worker, image: name, memory: '9GiB' } }, later);
      await applied(house);
      expect(vmOf(house).config).toMatchObject({ cpu: 'x86-64-v2-AES', memory: '9216' });
      editConfig(house.cluster.world, 9100, { cpu: 'kvm64' });
      await applied(house);
      expect(vmOf(house).config.cpu).toBe('x86-64-v2-AES');
      await expectSettled(house);
      await applied(house, '--replace', 'w1');
      expect(vmOf(house).config.cpu).toBe(house.cluster.world.vms['9000']?.config.cpu);
      await expectSettled(house);
    },
  );

  it('nor is it taken from a VM that has to be made anew, and waits because it is protected', async () => {
    const a = { import: 'local:import/debian-13.qcow2' };
    const worker = { ...EAGER, storage: 'local-lvm', protect: true };
    const house = await deployedSite(
      { w1: { ...worker, image: 'a' } },
      { images: { a }, defaults: {} },
    );
    const later = { ...worker, image: 'b', memory: '9GiB' };
    declare(house, { w1: later }, { images: { b: { template: 9000 } }, defaults: {} });
    await applied(house);
    expect(vmOf(house).config).toMatchObject({ cpu: 'x86-64-v2-AES', memory: '9216' });
  });

  it('replaces one worker of a node at a time, and none is left out at last', async () => {
    const images = (template: number) => ({
      images: { a: { template } },
      defaults: { image: 'a' },
    });
    const workers = { w1: { ...EAGER, image: 'a' }, w2: { ...EAGER, image: 'a' } };
    const house = await deployedSite(workers, images(9000), { world: roomyWorld() });
    declare(house, workers, images(9010));
    expect((await planned(house)).workers.map(({ actions }) => actions)).toEqual([['replace']]);
    await applied(house);
    await applied(house);
    const sources = Object.values(house.state().workers).map((record) => record.image?.source);
    expect(sources).toEqual(['template 9010', 'template 9010']);
    await expectSettled(house);
  });

  it('a worker whose node is changed is moved with its disk, not made anew', async () => {
    const house = await deployedSite(undefined, undefined, { world: roomyWorld() });
    const uuid = house.state().workers.w1?.vm?.uuid;
    declare(house, { w1: { ...EAGER, node: 'pve2' } });
    const worker = await plannedWorker(house, 'w1');
    expect(worker?.changes).toMatchObject([{ path: 'node', cost: 'migrate' }]);
    await applied(house);
    expect(house.state().workers.w1?.vm).toMatchObject({ node: 'pve2', uuid });
    expect(vmOf(house).node).toBe('pve2');
    await expectSettled(house);
  });

  it('P26: a worker moves to a node with another storage, disk and all', async () => {
    const house = await deployedSite();
    declare(house, { w1: { ...EAGER, node: 'pve3', storage: 'local-zfs' } });
    await applied(house);
    expect(oursIn(house)).toMatchObject([{ vmid: 9100, node: 'pve3' }]);
    expect(vmOf(house).config.scsi0).toContain('local-zfs:');
    await expectSettled(house);
  });

  it('P26: a VM that somebody moved is found; when the declaration follows, only the record changes', async () => {
    const house = await deployedSite();
    migrate(house.cluster.world, 9100, 'pve2');
    expect(await plannedWorker(house, 'w1')).toMatchObject({ reasons: ['drift'], node: 'pve2' });
    declare(house, { w1: { ...EAGER, node: 'pve2' } });
    house.cluster.journal();
    await applied(house);
    expect(house.cluster.journal()).toEqual([]);
    expect(house.state().workers.w1?.vm?.node).toBe('pve2');
    await expectSettled(house);
  });

  it('P26: a VM that somebody moved goes back to where it is declared', async () => {
    const house = await deployedSite();
    migrate(house.cluster.world, 9100, 'pve2');
    await applied(house);
    expect(vmOf(house).node).toBe('pve1');
    await expectSettled(house);
  });
});
