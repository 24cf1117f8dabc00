import { describe, expect, it } from 'vitest';
import { deleteVm, migrate, powerOn } from '../../src/simulator/by-hand.ts';
import type { WorldSpec } from '../../src/simulator/spec.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import {
  applied,
  type Declared,
  declare,
  deployedSite,
  EAGER,
  expectCode,
  expectSettled,
  openSite,
  oursIn,
  planned,
  plannedWorker,
  vmOf,
  writesTo,
} from './site.ts';

const GIB = 2 ** 30;
const CLOUD =
  'https://cloud.debian.org/images/cloud/trixie/latest/debian-13-genericcloud-amd64.qcow2';
const image = (source: Declared): Declared => ({ images: { 'debian-13': source } });

/** With a storage `fast` on every node, and a second template on pve1. */
function roomyWorld(): WorldSpec {
  const world = quickstartWorld();
  const [template] = world.vms;
  if (template === undefined) throw new Error('the world has no template');
  return {
    ...world,
    storages: [
      ...world.storages,
      { id: 'fast', type: 'lvmthin', content: ['images'], size: 800 * GIB },
    ],
    pools: [...(world.pools ?? []), { id: 'workers' }],
    vms: [...world.vms, { ...template, vmid: 9010, name: 'debian-13-5' }],
  };
}

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

describe('the end of a worker', () => {
  it('P40: a worker that is no longer declared is destroyed with its disk, and waited for until it is gone', async () => {
    const house = await deployedSite();
    declare(house, {});
    await applied(house);
    expect(oursIn(house)).toEqual([]);
    expect(Object.values(house.cluster.world.volumes).filter(({ vmid }) => vmid === 9100)).toEqual(
      [],
    );
    expect(house.state().workers).toEqual({});
    await expectSettled(house);
  });

  it('muster destroy deletes the VM; its worker stays, Configured, and an eager one comes back with the next apply', async () => {
    const house = await deployedSite();
    powerOn(house.cluster.world, 9100);
    await house.clock.sleep(60_000);
    expectCode(await house.muster('destroy', 'w1', '--auto-approve'), 0);
    expect(oursIn(house)).toEqual([]);
    expect(house.state().workers.w1?.vm).toBeUndefined();
    expect((await house.muster('status')).stdout).toMatch(/w1 +Configured/);
    await applied(house);
    await expectSettled(house);
  });

  it('P16: protect is remembered after its block is gone; destroy and replace are refused until it was applied unprotected', async () => {
    const house = await deployedSite({ w1: { ...EAGER, protect: true } });
    expect(vmOf(house).config.protection).toBe('1');
    declare(house, {});
    const told = await house.muster('apply', '--auto-approve');
    expect(told.stdout).toContain('held: protected');
    expect(told.code).toBe(5);
    expectCode(await house.muster('destroy', 'w1', '--auto-approve'), 6);
    declare(house, { w1: { ...EAGER, protect: true } });
    expectCode(await house.muster('apply', '--replace', 'w1', '--auto-approve'), 6);
    expectCode(await house.muster('destroy', 'w1', '--auto-approve'), 6);
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
    declare(house, { w1: EAGER });
    await applied(house);
    declare(house, {});
    await applied(house);
    expect(oursIn(house)).toEqual([]);
  });

  it('a volume of somebody else refuses the destroy until --force names the worker', async () => {
    const house = await deployedSite();
    const vm = vmOf(house);
    vm.config.scsi5 = (vm.config.scsi0 ?? '').replace('disk-0', 'disk-5');
    expectCode(await house.muster('destroy', 'w1', '--auto-approve'), 6);
    declare(house, {});
    const told = expectCode(await house.muster('apply', '--auto-approve'), 6);
    expect(told.stdout + told.stderr).toContain('local-lvm:vm-9100-disk-5');
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
    await applied(house, '--force', 'w1');
    expect(oursIn(house)).toEqual([]);
  });

  it('removed: forgets the worker and leaves its VM alone', async () => {
    const house = await deployedSite();
    declare(house, {}, { removed: ['w1'] });
    expect(await plannedWorker(house, 'w1')).toMatchObject({ actions: ['forget'] });
    await applied(house);
    expect(house.state().workers).toEqual({});
    expect(writesTo(house.cluster.journal(), 9100)).toEqual([]);
    expect(vmOf(house).config.name).toBe('w1');
  });

  it('W27: the worker of a node that left the cluster is forgotten, and said so; the others go on', async () => {
    const house = await deployedSite({ w1: EAGER, w2: { ...EAGER, node: 'pve2' } });
    const { world } = house.cluster;
    for (const vm of Object.values(world.vms)) if (vm.node === 'pve2') deleteVm(world, vm.vmid);
    delete world.nodes.pve2;
    declare(house, { w1: EAGER });
    const plan = await planned(house);
    expect(plan.workers).toMatchObject([
      { worker: 'w2', actions: ['forget'], reasons: ['node-gone'] },
    ]);
    await applied(house);
    expect(Object.keys(house.state().workers)).toEqual(['w1']);
    await expectSettled(house);
  });
});

describe('names', () => {
  it('renamed: a worker gets another name without a VM being made or lost', async () => {
    const house = await deployedSite();
    declare(house, { night: EAGER }, { renamed: { w1: 'night' } });
    expect((await planned(house)).workers).toMatchObject([
      { worker: 'night', from: 'w1', actions: ['rename', 'update'] },
    ]);
    await applied(house);
    expect(Object.keys(house.state().workers)).toEqual(['night']);
    expect(oursIn(house).map(({ config }) => config.name)).toEqual(['night']);
    await expectSettled(house);
  });

  it('renamed: a pattern renames a whole set', async () => {
    const sets = (name: string) => ({
      workerSets: { all: { nodes: ['pve1', 'pve2'], name, worker: { deploy: 'eager' } } },
    });
    const house = await deployedSite({}, sets('old-${node}'));
    const before = oursIn(house).map(({ vmid, config }) => [vmid, config.smbios1]);
    declare(house, {}, { ...sets('new-${node}'), renamed: { 'old-${node}': 'new-${node}' } });
    await applied(house);
    expect(Object.keys(house.state().workers).sort()).toEqual(['new-pve1', 'new-pve2']);
    expect(oursIn(house).map(({ vmid, config }) => [vmid, config.smbios1])).toEqual(before);
    await expectSettled(house);
  });

  it('P38: a VM that the state forgot is adopted when its worker is declared, without a replace', async () => {
    const house = await deployedSite({ w1: EAGER, w2: EAGER });
    declare(house, { w1: EAGER }, { removed: ['w2'] });
    await applied(house);
    declare(house, { w1: EAGER, w2: { ...EAGER, memory: '8GiB' } });
    house.cluster.journal();
    expect(await plannedWorker(house, 'w2')).toMatchObject({ actions: ['adopt', 'update'] });
    await applied(house);
    expect(house.cluster.journal().filter(({ method }) => method === 'DELETE')).toEqual([]);
    expect(oursIn(house)).toHaveLength(2);
    await expectSettled(house);
  });

  it('an orphan is a finding, and is deleted only with --prune', async () => {
    const house = await deployedSite({ w1: EAGER, w2: EAGER });
    declare(house, { w1: EAGER }, { removed: ['w2'] });
    await applied(house);
    declare(house, { w1: EAGER });
    house.cluster.journal();
    expect((await planned(house)).findings).toMatchObject([{ code: 'orphan', vmid: 9101 }]);
    await applied(house);
    expect(writesTo(house.cluster.journal(), 9101)).toEqual([]);
    powerOn(house.cluster.world, 9101);
    await house.clock.sleep(60_000);
    await applied(house, '--prune');
    expect(oursIn(house).map(({ vmid }) => vmid)).toEqual([9100]);
    await expectSettled(house);
  });

  it('W13: a set follows the cluster: a node that joined gets its worker', async () => {
    const sets = { workerSets: { all: { nodes: 'all', name: 'b-${node}', worker: {} } } };
    const roomy = roomyWorld();
    const [template] = roomy.vms;
    const [pve1] = roomy.nodes;
    if (template === undefined || pve1 === undefined) throw new Error('the world is empty');
    const world = {
      ...roomy,
      nodes: [...roomy.nodes, { ...pve1, name: 'pve4' }],
      vms: [...roomy.vms, { ...template, vmid: 9020, node: 'pve4', storage: 'fast' }],
    };
    const defaults = { image: 'debian-13', storage: 'fast' };
    const house = openSite({}, { ...sets, defaults }, { world });
    const { nodes, vms } = house.cluster.world;
    const { pve4 } = nodes;
    const { '9020': image } = vms;
    if (pve4 === undefined || image === undefined) throw new Error('there is no pve4');
    delete nodes.pve4;
    delete vms['9020'];
    await applied(house);
    expect(Object.keys(house.state().workers)).toEqual(['b-pve1', 'b-pve2', 'b-pve3']);
    nodes.pve4 = pve4;
    vms['9020'] = image;
    const worker = await plannedWorker(house, 'b-pve4');
    expect(worker).toMatchObject({ actions: ['configure'], reasons: ['new-node'] });
    await applied(house);
    expect(Object.keys(house.state().workers)).toContain('b-pve4');
    await expectSettled(house);
  });
});

describe('choosing', () => {
  const three = { w1: EAGER, w2: EAGER, w3: EAGER };

  it('--target and --exclude leave the other workers alone', async () => {
    const house = openSite(three);
    await applied(house, '--target', 'w1', '--target', 'w2', '--exclude', 'w2');
    expect(Object.keys(house.state().workers)).toEqual(['w1']);
    expectCode(await house.muster('apply', '--auto-approve', '--target', 'w9'), 1);
    await applied(house, '--exclude', 'w3');
    expect(Object.keys(house.state().workers).sort()).toEqual(['w1', 'w2']);
  });

  it('test W deploys, tests and powers off only that worker; shutdown W powers off only that one', async () => {
    const house = openSite(three);
    expectCode(await house.muster('test', 'w2', '--auto-approve'), 0);
    expect(house.state().workers.w2?.last.test?.result).toBe('passed');
    expect(oursIn(house)).toHaveLength(1);
    await applied(house);
    for (const vm of oursIn(house)) powerOn(house.cluster.world, vm.vmid);
    await house.clock.sleep(60_000);
    expectCode(await house.muster('shutdown', 'w2', '--auto-approve'), 0);
    const running = oursIn(house).filter(({ power }) => power.status === 'running');
    expect(running).toHaveLength(2);
    expectCode(await house.muster('shutdown', '--auto-approve'), 0);
    await expectSettled(house);
  });

  it('a disabled worker keeps its VM and is not launched', async () => {
    const house = await deployedSite({ w1: { ...EAGER, enabled: false }, w2: EAGER });
    await applied(house, '--test');
    const { workers } = house.state();
    expect(workers.w1?.last.test).toBeUndefined();
    expect(workers.w2?.last.test?.result).toBe('passed');
    await expectSettled(house);
  });
});
