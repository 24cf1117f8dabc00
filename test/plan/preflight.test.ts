import { describe, expect, test } from 'vitest';
import type { Declaration } from '../../src/model/declaration.ts';
import type { Inventory, StorageFacts } from '../../src/model/inventory.ts';
import type { Plan } from '../../src/model/plan.ts';
import { GiB } from '../../src/model/quantity.ts';
import type { WorkerFields } from '../../src/model/worker.ts';
import { expand } from '../../src/plan/expand.ts';
import { expandFactsOf } from '../../src/plan/expand-facts.ts';
import { planNeeds } from '../../src/plan/plan-needs.ts';
import {
  config,
  declarationOf,
  deployed,
  edited,
  inventoryOf,
  made,
  node,
  planOf,
  stateOf,
  TEMPLATE,
  vm,
  withWorkers,
  workerIn,
} from './support/builders.ts';
import { ALL, bridge, check, ready, storage } from './support/preflight.ts';
import { A } from './support/scenes.ts';

function fails(plan: Plan): readonly string[] {
  return plan.preflight.filter(({ result }) => result === 'fail').map(({ code }) => code);
}

describe('a worker that fits', () => {
  test('gives one line per kind of check, all ok', () => {
    expect(check({}).preflight).toEqual([
      { result: 'ok', code: 'space', message: '20 GiB of 187 GiB free on local-lvm of pve1' },
      {
        result: 'ok',
        code: 'privileges',
        message: expect.stringMatching(/^the token has the \d+ privileges/),
      },
      {
        result: 'ok',
        code: 'reachable',
        message: 'image debian on 1 of 1 node; bridge vmbr0 on 1 of 1 node',
      },
    ]);
  });

  test('an empty plan asks for nothing and checks nothing', () => {
    const worker = made(workerIn(withWorkers({ a: A }), 'a'), 9100);
    const scene = { declaration: withWorkers({ a: A }), ...deployed({ a: worker }) };
    const draft = planOf(scene);
    expect(planNeeds(draft, scene.inventory)).toEqual({
      nodes: [],
      templates: [],
      volumes: [],
      permissions: false,
      ha: false,
    });
    expect(planOf({ ...scene, preflight: true }).preflight).toEqual([]);
  });

  test('what is read is what the plan needs: nodes, the template where it is, snippets, images', () => {
    const declaration = withWorkers(
      {
        a: { ...A, cloudInit: { vendorData: 'local:snippets/v.yaml' } },
        b: { node: 'pve2', image: 'volume' },
      },
      {
        images: {
          debian: { kind: 'template', template: { by: 'vmid', vmid: 9000 }, clone: 'full' },
          volume: { kind: 'import', volume: 'nas:import/debian.qcow2' },
        },
      },
    );
    const inventory = inventoryOf();
    expect(planNeeds(planOf({ declaration, inventory }), inventory)).toEqual({
      nodes: ['pve1', 'pve2'],
      templates: [{ node: 'pve1', vmid: 9000 }],
      volumes: [
        { node: 'pve1', storage: 'local', content: 'snippets' },
        { node: 'pve2', storage: 'nas', content: 'import' },
      ],
      permissions: true,
      ha: false,
    });
  });
});

describe('what is missing on the node', () => {
  test.each<[string, WorkerFields, Inventory, RegExp]>([
    ['bridge-missing', { networks: [{ bridge: 'vmbr7' }] }, ready(), /there are: vmbr0/],
    [
      'vlan-unaware',
      { networks: [{ bridge: 'vmbr0', vlan: 120 }] },
      ready({ bridges: { 'pve1/vmbr0': bridge({ vlanAware: false }) } }),
      /VLAN-aware/,
    ],
    ['storage-missing', { storage: 'nope' }, ready(), /take images: local-lvm/],
    [
      'storage-missing',
      {},
      ready({ storages: { 'pve1/local-lvm': storage({ enabled: false }) } }),
      /./,
    ],
    [
      'storage-inactive',
      {},
      ready({ storages: { 'pve1/local-lvm': storage({ active: false }) } }),
      /pvesm/,
    ],
    [
      'storage-content',
      {},
      ready({ storages: { 'pve1/local-lvm': storage({ content: ['iso'] }) } }),
      /./,
    ],
    ['too-many-cores', { cpu: { cores: 32 } }, ready(), /at most 16/],
    ['too-much-memory', { memory: 128 * GiB }, ready(), /less memory/],
    [
      'node-maintenance',
      {},
      ready({ nodes: { pve1: node({ maintenance: true }) } }),
      /maintenance disable/,
    ],
    ['template-not-found', {}, ready({ vms: { 9000: vm(9000, { node: 'pve1' }) } }), /./],
    ['disk-smaller-than-image', { disk: { size: 2 * GiB } }, ready(), /at least 3 GiB/],
    [
      'ssd-on-virtio',
      { disk: { ssd: true } },
      ready({
        configs: {
          9000: edited(TEMPLATE, {
            boot: 'order=virtio0',
            scsi0: null,
            virtio0: 'local-lvm:base-9000-disk-0,size=3G',
          }),
        },
      }),
      /SCSI/,
    ],
    [
      'snippet-not-found',
      { cloudInit: { vendorData: 'local:snippets/v.yaml' } },
      ready({ permissions: { '/': [...ALL, 'Datastore.Allocate'] } }),
      /Copy it/,
    ],
  ])('%s (W4, W15)', (code, fields, inventory, remedy) => {
    const found = inventory.vms[9000]?.template === false ? 'template-not-template' : code;
    const plan = check(fields, inventory);
    expect(fails(plan)).toEqual([found]);
    expect(plan.preflight.find((line) => line.code === found)?.remedy ?? 'x').toMatch(
      found === code ? remedy : /qm template/,
    );
  });

  test('a template that is gone, or hidden from the token', () => {
    const declaration = {
      images: { debian: { kind: 'template', template: { by: 'vmid', vmid: 9999 }, clone: 'full' } },
    } as const;
    expect(fails(check({}, ready(), declaration))).toEqual(['template-not-found']);
  });

  test('no template of that name', () => {
    const declaration = {
      images: {
        debian: { kind: 'template', template: { by: 'name', name: 'nope' }, clone: 'full' },
      },
    } as const;
    expect(fails(check({}, ready(), declaration))).toEqual(['image-not-found']);
  });

  test('a template of another node, on storage that is not shared (P21)', () => {
    const inventory = ready({ vms: { 9000: vm(9000, { node: 'pve2', template: true }) } });
    expect(fails(check({}, inventory))).toEqual(['template-unreachable']);
    const shared = ready({
      vms: { 9000: vm(9000, { node: 'pve2', template: true }) },
      storages: { 'pve1/local-lvm': storage({ shared: true }) },
    });
    expect(fails(check({}, shared))).toEqual([]);
  });

  test('a disk image and a download', () => {
    const images = {
      debian: { kind: 'import', volume: 'local:import/d.qcow2' },
      url: { kind: 'url', url: 'https://x/y', checksum: 'sha512:00', storage: 'local' },
    } as const;
    expect(fails(check({}, ready(), { images }))).toEqual(['image-not-found']);
    const there = ready({ volumes: { 'pve1/local:import/d.qcow2': GiB } });
    expect(fails(check({}, there, { images }))).toEqual([]);
    const unread = ready({
      unread: { 'volumes pve1/local import': '403 Permission check failed' },
    });
    expect(fails(check({}, unread, { images }))).toEqual([]);
    expect(fails(check({ image: 'url' }, ready(), { images }))).toEqual(['storage-missing']);
  });

  test('what could not be read is not called missing', () => {
    const blind = ready({ storages: {}, bridges: {} });
    expect(fails(check({ networks: [{ bridge: 'vmbr7' }] }, blind))).toEqual([]);
  });

  test('an offline node can not be checked: said, and not failed (P27)', () => {
    const plan = check({}, ready({ nodes: { pve1: node({ online: false }) }, bridges: {} }));
    expect(plan.preflight).toMatchObject([
      { result: 'warn', code: 'node-unreachable' },
      { result: 'ok', code: 'privileges' },
    ]);
  });

  test('a snippet that the token may not look for is only a warning', () => {
    const plan = check({ cloudInit: { vendorData: 'local:snippets/v.yaml' } });
    expect(fails(plan)).toEqual([]);
    expect(plan.preflight).toContainEqual(
      expect.objectContaining({ result: 'warn', code: 'snippet-unseen' }),
    );
  });

  test('a node whose size the token may not see is a warning with the privilege to give', () => {
    const plan = check({}, ready({ nodes: { pve1: node({ cpus: 0, memory: 0 }) } }));
    expect(fails(plan)).toEqual([]);
    expect(plan.preflight).toContainEqual({
      result: 'warn',
      code: 'node-size-unseen',
      message:
        'the token may not see how large pve1 is: a VM with more vCPUs than its node does not start',
      remedy: expect.stringContaining('Sys.Audit on /nodes'),
    });
  });

  test('little memory left is only a warning', () => {
    const tight = ready({ nodes: { pve1: node({ memoryUsed: 62 * GiB }) } });
    expect(check({}, tight).preflight).toContainEqual(
      expect.objectContaining({ result: 'warn', code: 'memory-tight' }),
    );
  });

  test('an address or MAC that another VM has (W10)', () => {
    const fields: WorkerFields = {
      networks: [{ bridge: 'vmbr0', mac: 'BC:24:11:00:00:01', ipv4: { address: '10.20.0.31/24' } }],
    };
    const other = config({
      name: 'web',
      net0: 'virtio=bc:24:11:00:00:01,bridge=vmbr0',
      ipconfig0: 'ip=10.20.0.31/16,gw=10.20.0.1',
    });
    const plan = check(
      fields,
      ready({ configs: { 9000: TEMPLATE, 300: other }, vms: { 300: vm(300) } }),
    );
    expect(fails(plan)).toEqual(['address-taken', 'address-taken']);
    expect(plan.preflight[0]?.message).toContain('by vm 300 (web)');
  });

  test('a VM that is there needs its image no more', () => {
    const worker = made(workerIn(withWorkers({ a: A }), 'a'), 9100);
    const { state, inventory } = deployed(
      { a: worker },
      { bridges: { 'pve1/vmbr0': bridge() }, permissions: { '/': ALL } },
    );
    const { 9000: _, ...vms } = inventory.vms;
    const declaration = withWorkers({ a: { ...A, memory: 8 * GiB } });
    const plan = planOf({ declaration, state, inventory: { ...inventory, vms }, preflight: true });
    expect(fails(plan)).toEqual([]);
  });
});

describe('space', () => {
  test('all workers of one storage count together', () => {
    const full = ready({ storages: { 'pve1/local-lvm': storage({ available: 30 * GiB }) } });
    expect(fails(check({}, full))).toEqual([]);
    const declaration = withWorkers({ a: A, b: A });
    const plan = planOf({ declaration, inventory: full, preflight: true });
    expect(fails(plan)).toEqual(['space']);
    expect(plan.preflight[0]?.message).toBe(
      'local-lvm of pve1 has 30 GiB free, and 40 GiB are asked for',
    );
  });

  test('a thin storage only warns', () => {
    const thin = ready({
      storages: { 'pve1/local-lvm': storage({ type: 'lvmthin', available: GiB }) },
    });
    expect(check({}, thin).preflight[0]).toMatchObject({ result: 'warn', code: 'space' });
  });
});

describe('privileges (P41)', () => {
  test('what is missing is named with its path', () => {
    const permissions = {
      '/vms': ALL.filter((each) => each !== 'VM.Config.HWType' && each !== 'VM.Config.CPU'),
      '/storage/local-lvm': ['Datastore.Audit'],
      '/sdn/zones/localnetwork': ['SDN.Use'],
    };
    const lines = check({}, ready({ permissions })).preflight.filter(
      ({ result }) => result === 'fail',
    );
    expect(lines.map(({ message }) => message)).toEqual([
      'the token muster@pve!ci lacks Datastore.AllocateSpace on /storage/local-lvm',
      'the token muster@pve!ci lacks VM.Config.CPU, VM.Config.HWType on /vms',
    ]);
  });

  test('a pool gives its privileges to the VMs in it', () => {
    const permissions = {
      '/pool/workers': [...ALL, 'Pool.Allocate'],
      '/vms/9000': ['VM.Clone', 'VM.Audit'],
      '/storage/local-lvm': ['Datastore.AllocateSpace'],
      '/sdn/zones/localnetwork': ['SDN.Use'],
    };
    const cluster = { ...declarationOf().cluster, pool: 'workers' };
    expect(fails(check({}, ready({ permissions }), { cluster }))).toEqual([]);
    expect(fails(check({}, ready({ permissions })))).not.toEqual([]);
  });

  test('a download takes Sys.AccessNetwork on the node, or Sys.Audit and Sys.Modify on the root', () => {
    const images = {
      debian: { kind: 'url', url: 'https://x/y', checksum: 'sha512:00', storage: 'local' },
    } as const;
    const storages = {
      'pve1/local-lvm': storage(),
      'pve1/local': storage({ storage: 'local', type: 'dir', content: ['import', 'images'] }),
    };
    const lacks = (root: readonly string[], ofNode: readonly string[]) => {
      const rest = ALL.filter((each) => each !== 'Sys.AccessNetwork');
      const permissions = { '/': [...rest, ...root], '/nodes/pve1': [...rest, ...ofNode] };
      return check({}, ready({ storages, permissions }), { images })
        .preflight.filter(({ result }) => result === 'fail')
        .map(({ message }) => message);
    };
    const missing = ['the token muster@pve!ci lacks Sys.AccessNetwork on /nodes/pve1'];
    expect(lacks([], ['Sys.AccessNetwork'])).toEqual([]);
    expect(lacks(['Sys.Audit', 'Sys.Modify'], [])).toEqual([]);
    expect(lacks(['Sys.Modify'], ['Sys.Modify'])).toEqual(missing);
  });

  test('the agent’s privileges go by the version of Proxmox VE', () => {
    const permissions = { '/': ALL.filter((each) => !each.startsWith('VM.GuestAgent')) };
    const nine = check({}, ready({ permissions }), {}, { test: true });
    expect(nine.preflight.find(({ result }) => result === 'fail')?.message).toContain(
      'VM.GuestAgent.Unrestricted',
    );
    const cluster = { ...inventoryOf().cluster, version: '8.4.1' };
    const eight = check({}, ready({ permissions, cluster }), {}, { test: true });
    expect(eight.preflight.find(({ result }) => result === 'fail')?.message).toContain(
      'VM.Monitor',
    );
  });

  test('a token without any rights is told about privilege separation (P42)', () => {
    const plan = check({}, ready({ permissions: {} }));
    expect(fails(plan)).toEqual(['token-powerless']);
    expect(plan.preflight.find(({ code }) => code === 'token-powerless')?.message).toContain(
      'privilege separation',
    );
  });
});

describe('sets', () => {
  const declaration = declarationOf({
    workerSets: {
      every: {
        nodes: 'all',
        name: 'w-${node}',
        worker: {},
        perNode: { pve2: { networks: [{ bridge: 'vmbr9' }] } },
      },
    },
  });
  const inventory = ready({
    bridges: { 'pve1/vmbr0': bridge(), 'pve2/vmbr0': bridge({ node: 'pve2' }) },
    storages: {
      'pve1/local-lvm': storage({ shared: true }),
      'pve2/local-lvm': storage({ node: 'pve2', shared: true }),
    },
  });

  test('a member that fails is left out with a warning; the others go on (W13, W15)', () => {
    const plan = planOf({ declaration, inventory, preflight: true });
    expect(plan.workers.map(({ worker }) => worker)).toEqual(['w-pve1']);
    expect(fails(plan)).toEqual([]);
    expect(plan.warnings).toMatchObject([
      { code: 'left-out', detail: ['pve2 has no bridge or vnet vmbr9'] },
    ]);
  });

  test('--strict makes it an error', () => {
    expect(() =>
      planOf({ declaration, inventory, preflight: true, options: { strict: true } }),
    ).toThrow(/vmbr9/);
  });
});

describe('the whole', () => {
  test('slots that a repository’s limit makes useless (W17)', () => {
    const repositories = {
      main: { address: 'pbs:8007', host: 'pbs', port: 8007, maxConcurrent: 3, env: {} },
    };
    expect(check({}, ready(), { repositories }).warnings).toMatchObject([
      {
        code: 'useless-slots',
        message: '4 slots use main, which takes 3 at once: 1 slot will wait (repositories.main)',
      },
    ]);
  });

  test('a node with protected VMs and no worker (W13)', () => {
    const item = {
      name: 'x',
      run: [],
      env: {},
      timeout: 1,
      retries: 0,
      forEachVm: { exclude: [] },
    };
    const session = {
      kind: 'backup' as const,
      workers: {},
      placement: 'any' as const,
      items: [item],
      guards: { minItems: 1, minWorkers: 1, waitForWorkers: 0 },
      reserve: 0,
      env: {},
    };
    const inventory = ready({ vms: { 500: vm(500, { node: 'pve2' }) } });
    expect(check({}, inventory, { sessions: { nightly: session } }).warnings).toMatchObject([
      { code: 'node-without-worker', message: expect.stringContaining('pve2 has 1 VM') },
    ]);
  });
});

describe('what can not be known is not held against a worker', () => {
  const shared = (change: Partial<StorageFacts>) => ({
    'pve1/local-lvm': storage(change),
    'pve2/local-lvm': storage({ ...change, node: 'pve2' }),
  });
  const onPve2 = (config: typeof TEMPLATE | undefined, change: Partial<StorageFacts> = {}) =>
    planOf({
      declaration: withWorkers({ a: { node: 'pve2' } }),
      inventory: ready({
        configs: config === undefined ? {} : { 9000: config },
        bridges: { 'pve2/vmbr0': bridge({ node: 'pve2' }) },
        storages: shared(change),
      }),
      preflight: true,
    });
  const diskless = edited(TEMPLATE, { scsi0: null, boot: null });

  test.each<[string, typeof TEMPLATE | undefined, Partial<StorageFacts>, readonly string[]]>([
    ['its config was not read', undefined, {}, []],
    ['it has no disk', diskless, {}, []],
    ['its storage is shared', TEMPLATE, { shared: true }, []],
    ['its storage is its own', TEMPLATE, {}, ['template-unreachable']],
  ])('a template of another node: %s (P21)', (_, config, change, expected) => {
    expect(fails(onPve2(config, change))).toEqual(expected);
  });

  test('a template whose disk shows no size may have any', () => {
    const sizeless = edited(TEMPLATE, { scsi0: 'local-lvm:base-9000-disk-0' });
    expect(fails(check({ disk: { size: GiB } }, ready({ configs: { 9000: sizeless } })))).toEqual(
      [],
    );
    expect(fails(check({ disk: { size: GiB } }))).toEqual(['disk-smaller-than-image']);
  });

  test('a storage that answers with no size has no known room', () => {
    const codes = (total: number) =>
      check({}, ready({ storages: { 'pve1/local-lvm': storage({ total, available: 0 }) } }))
        .preflight.filter(({ code }) => code === 'space')
        .map(({ result }) => result);
    expect(codes(0)).toEqual([]);
    expect(codes(GiB)).not.toEqual([]);
  });

  test('a template that is not listed is not read from anywhere', () => {
    const inventory = inventoryOf();
    const draft = planOf({ declaration: withWorkers({ a: A }), inventory });
    expect(planNeeds(draft, inventory).templates).toEqual([{ node: 'pve1', vmid: 9000 }]);
    expect(planNeeds(draft, { ...inventory, vms: {} }).templates).toEqual([]);
  });
});

describe('what is said of sizes and addresses', () => {
  const warned = (plan: Plan, code: string) =>
    plan.preflight.filter((line) => line.code === code).map(({ message }) => message);

  test('nodes whose size the token may not see, one or two', () => {
    const small = { cpu: { cores: 2 }, memory: GiB };
    const seen = (...names: readonly string[]) =>
      warned(
        planOf({
          declaration: withWorkers(
            Object.fromEntries(names.map((name) => [`w-${name}`, { ...small, node: name }])),
          ),
          inventory: ready({ nodes: { pve1: node({ cpus: 0 }), pve2: node({ cpus: 0 }) } }),
          preflight: true,
        }),
        'node-size-unseen',
      ).map((message) => message.split(':')[0]);
    expect(seen('pve1')).toEqual(['the token may not see how large pve1 is']);
    expect(seen('pve2', 'pve1')).toEqual(['the token may not see how large pve1, pve2 are']);
  });

  test.each<[string, number, readonly string[]]>([
    ['little', GiB / 8, ['128 MiB of memory are little for a worker']],
    ['enough', GiB / 4, []],
  ])('%s memory', (_, memory, expected) => {
    expect(warned(check({ memory }), 'little-memory')).toEqual(expected);
  });

  test('an address of a VM without a name, whose NIC shows no MAC and no address but IPv6 (W10)', () => {
    const other = config({
      net0: 'virtio,bridge=vmbr0',
      net1: 'virtio=BC:24:11:00:00:02,bridge=vmbr0',
      ipconfig0: 'ip6=2001:DB8:0::31/64',
    });
    const inventory = ready({ configs: { 9000: TEMPLATE, 300: other }, vms: { 300: vm(300) } });
    const clash = (ipv6: string) =>
      warned(
        check({ networks: [{ bridge: 'vmbr0', ipv6: { address: ipv6 } }] }, inventory),
        'address-taken',
      );
    expect(clash('2001:db8::31/48')).toEqual(['2001:db8::31 is taken by vm 300 (without a name)']);
    expect(clash('2001:db8::32/64')).toEqual([]);
  });
});

describe('what the files say wrong', () => {
  const messageOf = (scene: Declaration) => {
    try {
      workerIn(scene, 'a');
    } catch (error) {
      return String(error);
    }
    return '';
  };
  const nic = { bridge: 'vmbr0', ipv4: { address: '192.0.2.7/24' } } as const;

  test('one address twice, in one worker or in two (W10)', () => {
    expect(messageOf(withWorkers({ a: { ...A, networks: [nic, nic] } }))).toContain(
      'worker a has twice the address 192.0.2.7',
    );
    const two = { a: { ...A, networks: [nic] }, b: { ...A, networks: [nic] } };
    expect(messageOf(withWorkers(two))).toContain('two workers have the address 192.0.2.7');
    const apart = { ...two, b: { ...A, networks: [{ ...nic, vlan: 7 }] } };
    expect(messageOf(withWorkers(apart))).toBe('');
  });

  test('an image that is not declared, and the ones that are', () => {
    const unknown = (images: Declaration['images']) =>
      expand(withWorkers({ a: { ...A, image: 'nope' } }, { images }), {
        ...expandFactsOf(ready(), stateOf()),
      }).diagnostics.map(({ code, remedy }) => [code, remedy]);
    expect(unknown({})).toEqual([['unknown-image', 'Declare it under "images".']]);
    expect(unknown(declarationOf().images)).toEqual([
      ['unknown-image', 'Declare it under "images", or use one of: debian.'],
    ]);
  });

  test('no NIC at all is what an empty list says', () => {
    expect(workerIn(withWorkers({ a: { ...A, networks: [] } }), 'a').spec.networks).toEqual([]);
    expect(workerIn(withWorkers({ a: A }), 'a').spec.networks).toEqual([
      { bridge: 'vmbr0', ipv4: 'dhcp' },
    ]);
  });
});
