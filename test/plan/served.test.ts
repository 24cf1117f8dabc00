import { describe, expect, test } from 'vitest';
import type { Declaration, ItemSpec } from '../../src/model/declaration.ts';
import type { VmFacts } from '../../src/model/inventory.ts';
import { clusterWarnings } from '../../src/plan/preflight-cluster.ts';
import { sessionSpec } from '../session/support.ts';
import {
  declarationOf,
  desiredOf,
  inventoryOf,
  optionsOf,
  planOf,
  stateOf,
  vm,
} from './support/builders.ts';
import { bridge, ready, storage } from './support/preflight.ts';
import { A } from './support/scenes.ts';

type Selector = NonNullable<ItemSpec['forEachVm']>;

const every = (forEachVm?: Selector): ItemSpec => ({
  ...{ name: 'x', run: [], env: {}, timeout: 1, retries: 0 },
  ...(forEachVm === undefined ? {} : { forEachVm }),
});

function warned(
  change: Partial<Declaration>,
  vms: readonly VmFacts[] = [],
): readonly { readonly code: string; readonly message: string; readonly remedy?: string }[] {
  const declaration = declarationOf({ workers: { a: A }, ...change });
  const inventory = inventoryOf({ vms: Object.fromEntries(vms.map((each) => [each.vmid, each])) });
  return clusterWarnings({
    declaration,
    desired: desiredOf(declaration),
    state: stateOf(),
    inventory,
    options: optionsOf(),
  });
}

const sessionsOf = (...items: readonly ItemSpec[]) => ({
  sessions: { nightly: sessionSpec({ items }) },
});

describe('a node without a worker, whose VMs sessions back up (W13)', () => {
  const on = (vmid: number, change: Partial<VmFacts> = {}) =>
    vm(vmid, { node: 'pve2', tags: ['gold', 'db'], pool: 'prod', ...change });
  const counted = (selector: Selector, vms: readonly VmFacts[] = [on(500)]) =>
    warned(sessionsOf(every(selector)), vms).map(({ message }) => message.split(' that')[0]);
  const one = ['pve2 has 1 VM'];

  test('is named, by name, with how many they are', () => {
    const vms = [on(502, { node: 'pve4' }), on(500), on(501), on(503, { node: 'pve1' })];
    expect(warned(sessionsOf(every({ exclude: [] })), vms)).toEqual(
      [
        ['pve2', '2 VMs that sessions back up, and no worker: they are'],
        ['pve4', '1 VM that sessions back up, and no worker: it is'],
      ].map(([node, what]) => ({
        severity: 'warning',
        code: 'node-without-worker',
        message: `${node} has ${what} read from other nodes`,
        labels: [],
        remedy: `Declare a worker for ${node}; a workerSet with "nodes: all" follows the cluster.`,
      })),
    );
  });

  test.each<[string, Selector, readonly string[]]>([
    ['all', { exclude: [] }, one],
    ['all but some', { exclude: [500] }, []],
    ['a pool', { exclude: [], pool: 'prod' }, one],
    ['another pool', { exclude: [], pool: 'test' }, []],
    ['ids', { exclude: [], vmids: [500] }, one],
    ['other ids', { exclude: [], vmids: [501] }, []],
    ['any of these tags', { exclude: [], tags: { any: ['gold', 'web'] } }, one],
    ['any of other tags', { exclude: [], tags: { any: ['web'] } }, []],
    ['all of these tags', { exclude: [], tags: { all: ['gold', 'db'] } }, one],
    ['all of tags that it has only one of', { exclude: [], tags: { all: ['gold', 'web'] } }, []],
  ])('as the items say: %s', (_, selector, expected) => {
    expect(counted(selector)).toEqual(expected);
  });

  test('one item that wants a VM is enough, and items of no VM want none', () => {
    const items = [every(), every({ exclude: [500] }), every({ exclude: [] })];
    expect(warned(sessionsOf(...items), [on(500)])).toHaveLength(1);
    expect(warned(sessionsOf(every()), [on(500)])).toEqual([]);
  });

  test.each<[string, Partial<VmFacts>]>([
    ['a template', { template: true }],
    ['a worker of any state', { tags: ['muster'] }],
    ['a VM whose node has a worker', { node: 'pve1' }],
  ])('not for %s', (_, change) => {
    expect(counted({ exclude: [] }, [on(500, change)])).toEqual([]);
  });

  test('a worker that is disabled serves nobody', () => {
    const off = { ...sessionsOf(every({ exclude: [] })), workers: { a: { ...A, enabled: false } } };
    expect(warned(off, [on(500, { node: 'pve1' })])).toHaveLength(1);
  });
});

describe('slots that a repository’s limit makes useless (W17)', () => {
  const repository = (maxConcurrent?: number) => ({
    ...{ address: 'pbs:8007', host: 'pbs', port: 8007, env: {} },
    ...(maxConcurrent === undefined ? {} : { maxConcurrent }),
  });
  const codes = (change: Partial<Declaration>) =>
    warned(change).map(({ message }) => message.split(',')[0]);
  const both = { main: repository(3), aside: repository(2) };

  test.each<[string, Partial<Declaration>, readonly string[]]>([
    ['the only one', { repositories: { main: repository(3) } }, ['4 slots use main']],
    ['one that takes as many', { repositories: { main: repository(4) } }, []],
    ['one without a limit', { repositories: { main: repository() } }, []],
    ['two that no session names', { repositories: both }, []],
    [
      'those that some item of a session names',
      {
        repositories: both,
        ...sessionsOf(every(), { ...every(), repository: 'main' }),
      },
      ['4 slots use main'],
    ],
    [
      'by their names',
      {
        repositories: both,
        sessions: {
          nightly: sessionSpec({ items: [{ ...every(), repository: 'main' }] }),
          weekly: sessionSpec({ items: [{ ...every(), repository: 'aside' }] }),
        },
      },
      ['4 slots use aside', '4 slots use main'],
    ],
  ])('%s', (_, change, expected) => {
    expect(codes(change)).toEqual(expected);
  });
});

describe('members of a set that fail (W13, W15)', () => {
  const declaration = declarationOf({
    workerSets: {
      every: {
        nodes: 'all',
        name: 'w-${node}',
        worker: {},
        perNode: { pve2: { networks: [{ bridge: 'vmbr9' }], memory: 62 * 2 ** 30 } },
      },
    },
    workers: { b: { ...A, networks: [{ bridge: 'vmbr8' }] } },
  });
  const inventory = ready({
    bridges: { 'pve1/vmbr0': bridge(), 'pve2/vmbr0': bridge({ node: 'pve2' }) },
    storages: {
      'pve1/local-lvm': storage({ shared: true }),
      'pve2/local-lvm': storage({ node: 'pve2', shared: true }),
    },
  });
  const little = '62 GiB of memory are asked for, and pve2 has 56 GiB left';

  test('are left out with all that was found of them, while an explicit worker fails the plan', () => {
    const plan = planOf({ declaration, inventory, preflight: true });
    expect(plan.workers.map(({ worker }) => worker)).toEqual(['b', 'w-pve1']);
    expect(plan.warnings).toEqual([
      {
        severity: 'warning',
        code: 'left-out',
        message: 'w-pve2 of workerSets.every on pve2 is left out of this plan',
        labels: [{ file: 'muster.yaml', line: 2, column: 1 }],
        detail: ['pve2 has no bridge or vnet vmbr9', little],
        remedy: 'Mend it, or leave the node out with "nodes: { except: [...] }".',
      },
    ]);
    expect(
      plan.preflight
        .filter(({ result }) => result !== 'ok')
        .map(({ result, code, message }) => [result, code, message]),
    ).toEqual([
      ['fail', 'bridge-missing', 'pve1 has no bridge or vnet vmbr8'],
      ['warn', 'bridge-missing', 'pve2 has no bridge or vnet vmbr9'],
      ['warn', 'memory-tight', little],
    ]);
  });

  test('--strict makes an error of each failure, and of no warning', () => {
    const strict = () =>
      planOf({ declaration, inventory, preflight: true, options: { strict: true } });
    const error = (worker: string, message: string) => ({
      severity: 'error',
      code: 'bridge-missing',
      message: `${worker}: ${message}`,
      labels: [],
      remedy: expect.stringMatching(/^On pve. there are: vmbr0\.$/),
    });
    expect(strict).toThrow(
      expect.objectContaining({
        diagnostics: [
          error('b', 'pve1 has no bridge or vnet vmbr8'),
          error('w-pve2', 'pve2 has no bridge or vnet vmbr9'),
        ],
      }),
    );
  });
});
