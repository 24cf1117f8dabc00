import { describe, expect, test } from 'vitest';
import type { Declaration } from '../../src/model/declaration.ts';
import { GiB } from '../../src/model/quantity.ts';
import type { NetworkSpec } from '../../src/model/worker.ts';
import { expand } from '../../src/plan/expand.ts';
import type { ExpandFacts } from '../../src/plan/expand-facts.ts';
import { declarationOf, vm } from './support/builders.ts';

const STATIC = { address: '10.0.0.2/24' };

const FACTS: ExpandFacts = {
  nodes: { pve2: { cpus: 4, memory: 16 * GiB }, pve1: { cpus: 16, memory: 64 * GiB } },
  vms: [],
  storages: [],
};

function expanded(change: Partial<Declaration>, facts: Partial<ExpandFacts> = {}) {
  return expand(declarationOf(change), { ...FACTS, ...facts });
}

function spec(change: Partial<Declaration>, name = 'a', facts: Partial<ExpandFacts> = {}) {
  const found = expanded(change, facts).desired.workers.find((worker) => worker.name === name);
  if (found === undefined) throw new Error(`${name} was not expanded`);
  return found.spec;
}

describe('precedence', () => {
  test('built-in < defaults < set < perNode < worker; maps merge, lists replace', () => {
    const found = spec(
      {
        defaults: {
          image: 'debian',
          storage: 'local-lvm',
          slots: 1,
          labels: { from: 'defaults', kept: 'defaults' },
          tags: ['defaults'],
          patch: { policy: 'security', required: true },
        },
        workerSets: {
          every: {
            nodes: ['pve1'],
            name: 'a',
            worker: { slots: 2, labels: { from: 'set' }, tags: ['set'] },
            perNode: { pve1: { slots: 3, labels: { from: 'node' } } },
          },
        },
        workers: { a: { labels: { from: 'worker' }, patch: { policy: 'none' } } },
      },
      'a',
    );
    expect(found).toMatchObject({
      node: 'pve1',
      slots: 3,
      labels: { from: 'worker', kept: 'defaults' },
      tags: ['set'],
      patch: { policy: 'none', required: true, reboot: 'ifRequired' },
      timeouts: { start: 180_000 },
    });
  });
});

describe('sets', () => {
  const set = (nodes: Declaration['workerSets'][string]['nodes']) =>
    expanded({ workerSets: { every: { nodes, name: 'w-${node}', worker: {}, perNode: {} } } });

  test.each([
    ['all', 'all' as const, ['w-pve1', 'w-pve2']],
    ['a list', ['pve2', 'pve2'], ['w-pve2']],
    ['all except', { except: ['pve1'] }, ['w-pve2']],
  ])('nodes: %s (W13)', (_, nodes, names) => {
    expect(set(nodes).desired.workers.map(({ name }) => name)).toEqual(names);
  });

  test('${node} and ${worker.name} are filled in in every text', () => {
    const found = spec(
      {
        workerSets: {
          every: {
            nodes: ['pve1'],
            name: 'w-${node}',
            worker: {
              description: 'on ${node}',
              labels: { me: '${worker.name}', price: '$${node}' },
            },
            perNode: {},
          },
        },
      },
      'w-pve1',
    );
    expect([found.description, found.labels]).toEqual([
      'on pve1',
      { me: 'w-pve1', price: '${node}' },
    ]);
  });

  test('two members with one name are an error that shows both places', () => {
    const { diagnostics } = expanded({
      workerSets: {
        x: { nodes: 'all', name: 'w-${node}', worker: {}, perNode: {} },
        y: { nodes: ['pve1'], name: 'w-pve1', worker: {}, perNode: {} },
      },
    });
    expect(diagnostics).toMatchObject([{ code: 'duplicate-worker', labels: [{}, {}] }]);
  });

  test('an explicit worker on another node is no refinement but a second one', () => {
    const { diagnostics } = expanded({
      workerSets: { x: { nodes: ['pve1'], name: 'a', worker: {}, perNode: {} } },
      workers: { a: { node: 'pve2' } },
    });
    expect(diagnostics).toMatchObject([{ code: 'duplicate-worker' }]);
  });
});

describe('sizing', () => {
  test('slots size the VM: 2 + slots vCPUs, at most the node’s, and 2 + slots GiB', () => {
    const workers = { a: { node: 'pve1', slots: 8 }, b: { node: 'pve2', slots: 8 } };
    expect(spec({ workers })).toMatchObject({ cpu: { cores: 10 }, memory: 10 * GiB });
    expect(spec({ workers }, 'b')).toMatchObject({ cpu: { cores: 4 }, memory: 10 * GiB });
  });

  test('what is declared wins', () => {
    const workers = {
      a: { node: 'pve1', cpu: { cores: 2 }, memory: GiB, disk: { size: 5 * GiB } },
    };
    expect(spec({ workers })).toMatchObject({
      cpu: { cores: 2 },
      memory: GiB,
      disk: { size: 5 * GiB, sizeIsFloor: false },
    });
  });

  test('the default disk is a floor', () => {
    expect(spec({ workers: { a: { node: 'pve1' } } }).disk).toEqual({
      size: 20 * GiB,
      sizeIsFloor: true,
      storage: 'local-lvm',
    });
  });
});

describe('images and storages', () => {
  const template = (ref: object) =>
    ({
      workers: { a: { node: 'pve1' }, b: { node: 'pve2' } },
      images: { debian: { kind: 'template', template: ref, clone: 'full' } },
    }) as Partial<Declaration>;

  test('a template by name is the node’s own, else the lowest id', () => {
    const vms = [
      vm(9002, { template: true, name: 'deb', node: 'pve2' }),
      vm(9001, { template: true, name: 'deb', node: 'pve3' }),
      vm(9000, { name: 'deb', node: 'pve1' }),
    ];
    const by = template({ by: 'name', name: 'deb' });
    expect(spec(by, 'b', { vms }).imageSource).toMatchObject({ vmid: 9002 });
    expect(spec(by, 'a', { vms }).imageSource).toMatchObject({ vmid: 9001 });
  });

  test('a disk image and a download are what they are, in the pool that is declared', () => {
    const url = {
      kind: 'url',
      url: 'https://x/y',
      checksum: 'sha512:00',
      storage: 'local',
    } as const;
    const image = { kind: 'import', volume: 'local:import/d.qcow2' } as const;
    const cluster = { ...declarationOf().cluster, pool: 'workers' };
    const from = (debian: typeof url | typeof image) =>
      spec({ images: { debian }, workers: { a: { node: 'pve1' } }, cluster });
    expect(from(url)).toMatchObject({ imageSource: url, pool: 'workers' });
    expect(from(image)).toMatchObject({ imageSource: image });
    expect(spec({ workers: { a: { node: 'pve1' } } })).not.toHaveProperty('pool');
  });

  test('the node’s size bounds the default where it is known', () => {
    const nodes = { pve1: { cpus: 0, memory: 0 } };
    expect(spec({ workers: { a: { node: 'pve1' } } }, 'a', { nodes }).cpu.cores).toBe(6);
  });

  test('a template per node', () => {
    const by = template({ by: 'node', perNode: { pve1: 7, pve2: 8 } });
    expect([spec(by).imageSource, spec(by, 'b').imageSource]).toMatchObject([
      { vmid: 7 },
      { vmid: 8 },
    ]);
    expect(spec(template({ by: 'node', perNode: { pve1: 7 } }), 'b').imageSource).toBeUndefined();
  });

  const bare: Partial<Declaration> = {
    defaults: { image: 'debian' },
    images: { debian: { kind: 'import', volume: 'local:import/d.qcow2' } },
    workers: { a: { node: 'pve1' } },
  };
  const storage = (name: string, content: readonly string[]) => ({
    node: 'pve1',
    storage: name,
    enabled: true,
    active: true,
    shared: false,
    type: 'dir',
    content,
    total: 1,
    available: 1,
  });

  test('a bare disk image gets a portable CPU type and the only storage for images', () => {
    const storages = [storage('local', ['iso']), storage('fast', ['images'])];
    expect(spec(bare, 'a', { storages })).toMatchObject({
      cpu: { type: 'x86-64-v2-AES' },
      disk: { storage: 'fast' },
    });
  });

  test.each([
    ['several', [storage('x', ['images']), storage('y', ['images'])], 'x, y'],
    ['none', [storage('local', ['iso'])], 'none'],
  ])('with %s it is an error that lists them (W14)', (_, storages, names) => {
    expect(expanded(bare, { storages }).diagnostics).toMatchObject([
      { code: 'storage-undecided', detail: [expect.stringContaining(names)] },
    ]);
  });

  test('a node that shows no storages is no reason for an error', () => {
    expect(expanded(bare).diagnostics).toEqual([]);
  });

  test('a worker without image or node, or with an unknown image', () => {
    const codes = (change: Partial<Declaration>) =>
      expanded(change).diagnostics.map(({ code }) => code);
    expect(codes({ defaults: {}, workers: { a: { node: 'pve1' } } })).toEqual(['missing-image']);
    expect(codes({ workers: { a: {} } })).toEqual(['missing-node']);
    expect(codes({ workers: { a: { node: 'pve1', image: 'nope' } } })).toEqual(['unknown-image']);
  });
});

describe('networks', () => {
  test.each<[string, readonly Omit<NetworkSpec, 'bridge'>[], NetworkSpec['ipv4'] | undefined]>([
    ['nothing is said', [{}], 'dhcp'],
    ['it has an address', [{ ipv4: { address: '10.0.0.2/24' } }], { address: '10.0.0.2/24' }],
    ['it has one of the other kind', [{ ipv6: 'auto' }], undefined],
    ['another one brings the route', [{}, { ipv4: { ...STATIC, gateway: '10.0.0.1' } }], undefined],
    ['another one asks DHCP', [{}, { ipv4: 'dhcp' }], undefined],
    ['another one listens for routers', [{}, { ipv6: 'auto' }], undefined],
    ['another one has an address alone', [{}, { ipv4: STATIC }], 'dhcp'],
    ['another one is silent', [{}, {}], 'dhcp'],
  ])('what the first NIC asks for when %s', (_, nics, ipv4) => {
    const networks = nics.map((nic) => ({ bridge: 'x', ...nic }));
    expect(spec({ workers: { a: { node: 'pve1', networks } } }).networks[0]?.ipv4).toEqual(ipv4);
  });
});

describe('clashes between workers', () => {
  const nic = (change: object) => [{ bridge: 'vmbr0', ...change }];

  test.each([
    ['vmid', { vmid: 9101 }, { vmid: 9101 }, 'duplicate-vmid'],
    [
      'address',
      { networks: nic({ ipv4: { address: '10.0.0.5/24' } }) },
      { networks: nic({ ipv4: { address: '10.0.0.5/16' } }) },
      'duplicate-address',
    ],
    [
      'MAC',
      { networks: nic({ mac: 'BC:24:11:00:00:01' }) },
      { networks: nic({ mac: 'bc:24:11:00:00:01' }) },
      'duplicate-mac',
    ],
  ])('two workers with one %s', (_, a, b, code) => {
    const workers = { a: { node: 'pve1', ...a }, b: { node: 'pve1', ...b } };
    expect(expanded({ workers }).diagnostics).toMatchObject([
      { code, labels: [{ text: 'a' }, { text: 'b' }] },
    ]);
  });

  test('one address in two VLANs is no clash', () => {
    const workers = {
      a: { node: 'pve1', networks: nic({ vlan: 1, ipv4: { address: '10.0.0.5/24' } }) },
      b: { node: 'pve1', networks: nic({ vlan: 2, ipv4: { address: '10.0.0.5/24' } }) },
    };
    expect(expanded({ workers }).diagnostics).toEqual([]);
  });

  test('members of a set clash too', () => {
    const { diagnostics } = expanded({
      workerSets: { x: { nodes: 'all', name: 'w-${node}', worker: { vmid: 9101 }, perNode: {} } },
    });
    expect(diagnostics).toMatchObject([{ code: 'duplicate-vmid' }]);
  });
});
