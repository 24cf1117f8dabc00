import { describe, expect, it } from 'vitest';
import { editConfig, powerOn } from '../../src/simulator/by-hand.ts';
import {
  applied,
  declare,
  deployedSite,
  EAGER,
  expectCode,
  expectSettled,
  openSite,
  oursIn,
  planned,
  plannedWorker,
  roomyWorld,
  writesTo,
} from './site.ts';

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

  it.each([
    ['renamed', ['rename', 'update']],
    ['adopted', ['adopt', 'update']],
  ])(
    'programs are told of each action once of a worker that is %s and changed',
    async (how, actions) => {
      const house = await deployedSite();
      const changed = { ...EAGER, memory: '8GiB' };
      if (how === 'renamed') declare(house, { night: changed }, { renamed: { w1: 'night' } });
      else {
        declare(house, {}, { removed: ['w1'] });
        await applied(house);
        declare(house, { w1: changed });
      }
      const { code, stdout } = await house.muster('apply', '--auto-approve', '--json');
      expect(code, stdout).toBe(0);
      const told = (type: string) =>
        stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
          .filter((message) => message.type === type)
          .map((message) => message['@message'].split(/[ :]+/)[1]);
      expect(told('apply_start')).toEqual(actions);
      expect(told('apply_complete')).toEqual(actions);
    },
  );

  it('P9: what a person changes after an adoption is drift, and a drive that was there already stays somebody else’s', async () => {
    const house = await deployedSite({ w1: EAGER, w2: EAGER });
    declare(house, { w1: EAGER }, { removed: ['w2'] });
    await applied(house);
    editConfig(house.cluster.world, 9101, { scsi4: 'local-lvm:vm-9101-disk-9,size=4G' });
    declare(house, { w1: EAGER, w2: EAGER });
    expect(await plannedWorker(house, 'w2')).toMatchObject({ actions: ['adopt'] });
    await applied(house);
    editConfig(house.cluster.world, 9101, { cores: '9' });
    expect(await plannedWorker(house, 'w2')).toMatchObject({
      reasons: ['drift'],
      changes: [{ path: 'cpu.cores', applied: 6, causes: ['drift'] }],
    });
    declare(house, { w1: EAGER });
    const told = expectCode(await house.muster('apply', '--auto-approve'), 6);
    expect(told.stdout + told.stderr).toContain('scsi4');
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
