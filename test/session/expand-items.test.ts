import { describe, expect, it } from 'vitest';
import type { ItemSpec } from '../../src/model/declaration.ts';
import { smbiosOf } from '../../src/model/marks.ts';
import { adHocSession } from '../../src/session/ad-hoc.ts';
import { type ExpandInput, expandItems } from '../../src/session/expand-items.ts';
import { itemCommand, needsAddress, secretsOf } from '../../src/session/item-command.ts';
import { inventory, MINUTE, repository, sessionSpec, vm, workerRecord } from './support.ts';

const perVm: ItemSpec = {
  name: 'vm-${vm.id}',
  forEachVm: { pool: 'production', exclude: [105] },
  run: ['/usr/local/bin/backup-vm', '${vm.id}', '${vm.name}', '${worker.name}'],
  env: {},
  repository: 'pbs-main',
  timeout: 240 * MINUTE,
  retries: 1,
};

function input(items: readonly ItemSpec[], parts: Partial<ExpandInput> = {}): ExpandInput {
  return {
    session: 'nightly',
    spec: sessionSpec({ items }),
    repositories: { 'pbs-main': repository() },
    inventory: inventory([
      vm(102, 'pve2'),
      vm(101, 'pve1'),
      vm(105, 'pve1'),
      vm(110, 'pve1', { pool: 'test' }),
    ]),
    state: { workers: {} },
    ...parts,
  };
}

function codes(diagnostics: readonly { readonly code: string }[]): readonly string[] {
  return diagnostics.map(({ code }) => code);
}

describe('forEachVm', () => {
  it('makes one item for each VM of a pool, without the excluded ones', () => {
    const { items, problems, warnings } = expandItems(input([perVm]));
    expect(items.map(({ name, vm: about }) => [name, about])).toEqual([
      ['vm-101', { vmid: 101, name: 'server-101', node: 'pve1' }],
      ['vm-102', { vmid: 102, name: 'server-102', node: 'pve2' }],
    ]);
    expect(items[0]?.run).toEqual([
      '/usr/local/bin/backup-vm',
      '101',
      'server-101',
      '${worker.name}',
    ]);
    expect([...problems, ...warnings]).toEqual([]);
  });

  it('chooses by tags, written in any case, all and any of them', () => {
    const vms = [
      vm(101, 'pve1', { tags: ['daily', 'gold'] }),
      vm(102, 'pve1', { tags: ['daily'] }),
      vm(103, 'pve1', { tags: ['weekly'] }),
    ];
    const names = (tags: { any?: readonly string[]; all?: readonly string[] }) =>
      expandItems(
        input([{ ...perVm, forEachVm: { tags, exclude: [] } }], { inventory: inventory(vms) }),
      ).items.map(({ name }) => name);
    expect(names({ any: ['Daily', 'weekly'] })).toEqual(['vm-101', 'vm-102', 'vm-103']);
    expect(names({ all: ['daily', 'GOLD'] })).toEqual(['vm-101']);
    expect(names({ any: ['weekly'], all: ['daily'] })).toEqual([]);
  });

  it('never makes an item of a worker, however it is recognised, nor of a template (W22)', () => {
    const vms = [
      vm(101, 'pve1'),
      vm(9101, 'pve1', { tags: ['muster'] }),
      vm(9102, 'pve1'),
      vm(9103, 'pve1'),
      vm(9000, 'pve1', { template: true }),
    ];
    const marked = {
      values: { smbios1: smbiosOf('0b2f8a5e-1111-4222-8333-000000009103', 'another') },
      digest: '',
    };
    const given = input([{ ...perVm, forEachVm: { exclude: [] } }], {
      inventory: inventory(vms, { configs: { '9103': marked } }),
      state: { workers: { 'backup-pve1': workerRecord(9102, 'pve1') } },
    });
    expect(expandItems(given).items.map(({ name }) => name)).toEqual(['vm-101']);
  });

  it('says which containers get no item, because nobody would notice otherwise', () => {
    const { items, warnings } = expandItems(
      input([perVm], { inventory: inventory([vm(101, 'pve1'), vm(120, 'pve1', { kind: 'lxc' })]) }),
    );
    expect(items).toHaveLength(1);
    expect(warnings.map(({ message }) => message)).toEqual([
      'no items for containers (120): forEachVm means VMs',
    ]);
  });

  it('refuses a VM named by its id that is not there, or is no VM to be saved', () => {
    const vms = [
      vm(101, 'pve1'),
      vm(120, 'pve1', { kind: 'lxc' }),
      vm(9000, 'pve1', { template: true }),
    ];
    const { problems } = expandItems(
      input([{ ...perVm, forEachVm: { vmids: [101, 120, 999, 9000], exclude: [] } }], {
        inventory: inventory(vms),
      }),
    );
    expect(problems.map(({ message }) => message)).toEqual([
      'vm 120 is a container',
      'vm 999 does not exist, or the token may not see it (VM.Audit)',
      'vm 9000 is a template',
    ]);
  });

  it('warns of VMs on a node that does not answer', () => {
    const given = input([perVm]);
    const down = { online: false, cpus: 4, memory: 1, memoryUsed: 0 };
    const { warnings } = expandItems({
      ...given,
      inventory: { ...given.inventory, nodes: { ...given.inventory.nodes, pve2: down } },
    });
    expect(codes(warnings)).toEqual(['vm-unreachable']);
  });
});

describe('an empty night', () => {
  it('is refused with exit 6: doing nothing is not success (P46)', () => {
    const { warnings, refusals } = expandItems(input([perVm], { inventory: inventory([]) }));
    expect(codes(warnings)).toEqual(['selects-no-vm']);
    expect(refusals.map(({ exitCode, diagnostic }) => [exitCode, diagnostic.message])).toEqual([
      [6, 'session nightly has 0 of at least 1 items'],
    ]);
  });

  it('of a pool that has no VM, or is misspelt, says which pools have some', () => {
    const misspelt = { ...perVm, forEachVm: { pool: 'productoin', exclude: [] } };
    const [wrong] = expandItems(input([misspelt])).warnings;
    expect(wrong?.remedy).toBe(
      'The token sees no VM in a pool "productoin". Did you mean "production"?',
    );
    const other = { ...perVm, forEachVm: { pool: 'x', exclude: [] } };
    const [unknown] = expandItems(input([other])).warnings;
    expect(unknown?.remedy).toBe(
      'The token sees no VM in a pool "x". Pools with VMs: production, test.',
    );
  });

  it('is fine where minItems: 0 says so', () => {
    const given = input([perVm], { inventory: inventory([]) });
    const spec = { ...given.spec, guards: { ...given.spec.guards, minItems: 0 } };
    expect(expandItems({ ...given, spec }).refusals).toEqual([]);
  });
});

describe('names of items', () => {
  it('that two items have are a mistake that names their VMs', () => {
    const twins = inventory([vm(101, 'pve1', { name: 'web' }), vm(102, 'pve1', { name: 'web' })]);
    const { problems } = expandItems(
      input([{ ...perVm, name: '${vm.name}' }], { inventory: twins }),
    );
    expect(problems).toMatchObject([
      {
        code: 'duplicate-item',
        message: '2 items have the name "web"',
        detail: ['of vm 101 (web), vm 102 (web)'],
      },
    ]);
  });

  it('can never lead a record out of its folder', () => {
    const odd = inventory([vm(101, 'pve1', { name: '../../etc' })]);
    const { problems } = expandItems(input([{ ...perVm, name: '${vm.name}' }], { inventory: odd }));
    expect(codes(problems)).toEqual(['bad-item-name']);
  });

  it('given with --item choose among them, and a misspelt one is a mistake', () => {
    const { items, problems } = expandItems(input([perVm], { only: ['vm-102', 'vm-1o1'] }));
    expect(items.map(({ name }) => name)).toEqual(['vm-102']);
    expect(problems).toMatchObject([{ code: 'unknown-item', remedy: 'Did you mean "vm-101"?' }]);
  });
});

describe('an item', () => {
  it('of an unknown repository is a mistake', () => {
    const { problems } = expandItems(input([{ ...perVm, repository: 'pbs-mian' }]));
    expect(problems).toMatchObject([
      { code: 'unknown-repository', remedy: 'Did you mean "pbs-main"?' },
    ]);
  });

  it('gets the environment of its repository, its session and its own, the nearest being the strongest', () => {
    const given = input([{ ...perVm, env: { C: 'item', TO: '${repository.address}' } }], {
      repositories: {
        'pbs-main': repository({ env: { A: 'repository', B: 'repository', C: 'repository' } }),
      },
    });
    const { items } = expandItems({
      ...given,
      spec: { ...given.spec, env: { B: 'session', C: 'session' } },
    });
    expect(items[0]?.env).toEqual({
      A: 'repository',
      B: 'session',
      C: 'item',
      TO: 'pbs.example.net:8007',
    });
  });

  it('keeps secrets as references, which are named before anything runs and put into the environment only (P17)', () => {
    const { items } = expandItems(
      input([perVm], {
        repositories: { 'pbs-main': repository({ env: { PBS_PASSWORD: '${secret.PBS}' } }) },
      }),
    );
    const [item] = items;
    expect(JSON.stringify(items)).not.toContain('hunter2');
    expect(secretsOf(items)).toEqual(['PBS']);
    if (item === undefined) throw new Error('no item');
    const command = itemCommand(
      item,
      { worker: 'w1', node: 'pve1' },
      { PBS: 'hunter2 ${secret.OTHER}' },
    );
    expect(command.env).toEqual({ PBS_PASSWORD: 'hunter2 ${secret.OTHER}' });
    expect(command.argv).toEqual(['/usr/local/bin/backup-vm', '101', 'server-101', 'w1']);
    expect(() => itemCommand(item, { worker: 'w1', node: 'pve1' }, {})).toThrow(
      'nothing is known for "${secret.PBS}"',
    );
  });

  it('is not fooled by a VM whose name looks like a placeholder', () => {
    const named = inventory([vm(101, 'pve1', { name: '${secret.PBS}' })]);
    const { items } = expandItems(
      input([{ ...perVm, env: { NAME: '${vm.name}' } }], { inventory: named }),
    );
    const [item] = items;
    if (item === undefined) throw new Error('no item');
    expect(secretsOf([item])).toEqual([]);
    const command = itemCommand(item, { worker: 'w1', node: 'pve1' }, { PBS: 'hunter2' });
    expect(command.env).toEqual({ NAME: '${secret.PBS}' });
    expect(command.argv[2]).toBe('${secret.PBS}');
  });

  it('asks for the address of its VM only as long as nobody knows it', () => {
    const spec = { ...perVm, run: ['ping', '${vm.address}'] };
    const [open] = expandItems(input([spec])).items;
    const [known] = expandItems(input([spec], { addresses: new Map([[101, '10.0.0.7']]) })).items;
    if (open === undefined || known === undefined) throw new Error('no item');
    expect([needsAddress(open), needsAddress(known)]).toEqual([true, false]);
    expect(known.run).toEqual(['ping', '10.0.0.7']);
    expect(itemCommand(open, { worker: 'w', node: 'n', address: '10.0.0.8' }, {}).argv).toEqual([
      'ping',
      '10.0.0.8',
    ]);
    expect(() => itemCommand(open, { worker: 'w', node: 'n' }, {})).toThrow('vm.address');
  });
});

describe('an ad hoc session', () => {
  it('runs the command once in each worker that is named, word for word', () => {
    const { spec, items } = adHocSession(
      'restore',
      ['b', 'a', 'b'],
      ['sh', '-c', 'echo ${HOME} ${node}'],
    );
    expect(spec).toMatchObject({ kind: 'restore', workers: { names: ['b', 'a'] } });
    expect(items.map(({ name, worker }) => [name, worker])).toEqual([
      ['b', 'b'],
      ['a', 'a'],
    ]);
    const [item] = items;
    if (item === undefined) throw new Error('no item');
    expect(itemCommand(item, { worker: 'b', node: 'pve1' }, {}).argv).toEqual([
      'sh',
      '-c',
      'echo ${HOME} ${node}',
    ]);
  });
});
