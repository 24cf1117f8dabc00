import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { VmSpec } from '../../src/simulator/spec.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import { type House, openHouse } from '../support/house.ts';
import { TWO_WORKERS } from './project.ts';

const GIB = 2 ** 30;

/** Made in the portal, with notes, two NICs and a disk of its own size. */
const BY_HAND: VmSpec = {
  vmid: 150,
  node: 'pve1',
  name: 'old-proxy',
  image: 'debian-13',
  storage: 'local-lvm',
  disk: 48 * GIB,
  status: 'stopped',
  config: {
    cores: '3',
    memory: '3072',
    description: 'made by hand\nfor ${node}, ask ops',
    tags: 'ops;prod',
    nameserver: '10.20.0.1',
    net0: 'virtio=BC:24:11:00:00:51,bridge=vmbr0,tag=120,firewall=1',
    net1: 'e1000=BC:24:11:00:00:52,bridge=vmbr0',
    ipconfig0: 'ip=10.20.0.9/24,gw=10.20.0.1',
  },
};

const YAML = `# who works at night
muster: 1
project: backup
cluster:
  endpoint: simulator
  vmids: { from: 9100, to: 9199 }   # ours
images:
  debian-13: { template: { name: debian-13 } }
defaults: { image: debian-13 }
workers:
    # the first one
    backup-pve1:   {node: pve1}     # odd layout, and it stays
    backup-pve2:
        node: pve2

# what must not happen
guards: { maxDestroy: 1 }
`;

function openWith(vm: VmSpec, yaml = YAML): House {
  const world = quickstartWorld();
  return openHouse({
    world: { ...world, vms: [...world.vms, vm] },
    files: { 'muster.yaml': yaml },
  });
}

const ADDED = `    old-proxy:
      node: pve1
      description: |-
        made by hand
        for $\${node}, ask ops
      cpu:
        cores: 3
      memory: 3GiB
      networks:
        - bridge: vmbr0
          vlan: 120
          mac: BC:24:11:00:00:51
          firewall: true
          ipv4:
            address: 10.20.0.9/24
            gateway: 10.20.0.1
        - bridge: vmbr0
          model: e1000
          mac: BC:24:11:00:00:52
      tags:
        - ops
        - prod
`;

const IMPORT = ['import', 'old-proxy', '150', '--write', '--auto-approve'];

/** What the next plan says, in words, without what every plan says. */
async function nextPlan(house: House): Promise<{ readonly code: number; readonly text: string }> {
  const { code, stdout, stderr } = await house.muster('plan', '--detailed-exitcode');
  return { code, text: stdout + stderr };
}

describe('import --write', () => {
  it('declares the VM as it is, behind its neighbours, and touches no other byte (P38 W2)', async () => {
    const house = openWith(BY_HAND);
    await house.muster('apply', '--auto-approve');
    const told = await house.muster(...IMPORT);
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(told.stdout).toContain('ciupgrade: true -> false');
    const after = YAML.indexOf('        node: pve2\n') + '        node: pve2\n'.length;
    const text = readFileSync(join(house.root, 'muster.yaml'), 'utf8');
    expect(text).toBe(YAML.slice(0, after) + ADDED + YAML.slice(after));
  });

  it('lets the next plan change what every worker has, was shown, and nothing else; then it is empty (P37)', async () => {
    const house = openWith(BY_HAND);
    await house.muster(...IMPORT);
    const before = { ...house.cluster.world.vms['150']?.config };
    const plan = await nextPlan(house);
    expect(plan.text).toMatch(/old-proxy +update/);
    expect(plan.text.match(/^ +[a-zA-Z.[\]0-9]+: .* -> .*$/gm)).toEqual([
      expect.stringMatching(/ciupgrade: true -> false +as every worker has it; /),
    ]);
    const { stdout } = await house.muster('plan', '--format', 'markdown');
    expect(stdout).toMatch(/\+ ciupgrade: false +# as every worker has it, /);
    await house.muster('apply', '--auto-approve');
    expect((await nextPlan(house)).code).toBe(0);
    expect(house.cluster.world.vms['150']?.config).toEqual({ ...before, ciupgrade: '0' });
  });

  it('works as every worker then: it is tested, and powered off', async () => {
    const plain = { ...BY_HAND, config: { cores: '2', memory: '2048' } };
    const house = openWith(plain);
    await house.muster(...IMPORT);
    const told = await house.muster('test', 'old-proxy', '--auto-approve');
    expect(told.code, told.stdout).toBe(0);
    expect(house.state().workers['old-proxy']).toMatchObject({
      vm: { vmid: 150, node: 'pve1' },
      last: { test: { result: 'passed' } },
    });
  });

  it('puts it into the file that declares workers of its node', async () => {
    const bare = YAML.slice(0, YAML.indexOf('workers:\n'));
    const house = openWith(BY_HAND, bare);
    house.write('workers/a.yaml', 'workers:\n  a: { node: pve1 }');
    house.write('workers/b.yaml', 'workers:\n  b: { node: pve2 }\n');
    expect((await house.muster(...IMPORT)).code).toBe(0);
    const text = readFileSync(join(house.root, 'workers/a.yaml'), 'utf8');
    expect(text).toMatch(/^workers:\n {2}a: \{ node: pve1 \}\n {2}old-proxy:\n {4}node: pve1\n/);
    expect(readFileSync(join(house.root, 'muster.yaml'), 'utf8')).toBe(bare);
    expect((await house.muster('validate')).code).toBe(0);
  });

  it('begins a section where there is none yet', async () => {
    const house = openWith(BY_HAND, YAML.slice(0, YAML.indexOf('workers:\n')));
    expect((await house.muster(...IMPORT)).code).toBe(0);
    expect(Object.keys(house.state().workers)).toEqual(['old-proxy']);
  });

  it('refines a worker of a set with what its VM has of its own', async () => {
    const sets = YAML.replace(/workers:[\s\S]*?\n\n/, SET);
    const house = openWith({ ...BY_HAND, config: { cores: '2', memory: '8192' } }, sets);
    const told = await house.muster('import', 'b-pve1', '150', '--write', '--auto-approve');
    expect(told.code, told.stderr).toBe(0);
    const text = readFileSync(join(house.root, 'muster.yaml'), 'utf8');
    expect(text).toMatch(/\nworkers:\n {2}b-pve1:\n {4}cpu:\n {6}cores: 2\n {4}memory: 8GiB\n$/);
    expect((await nextPlan(house)).text).not.toContain('memory');
  });

  it.each([
    ['a map in braces', YAML.replace(/workers:[\s\S]*?\n\n/, 'workers: { a: { node: pve1 } }\n')],
    ['a worker that stands there already', YAML.replaceAll('backup-pve1', 'old-proxy')],
  ])('leaves %s alone, and says what to write', async (_, yaml) => {
    const house = openWith(BY_HAND, yaml);
    const told = await house.muster(...IMPORT);
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('memory: 3GiB');
    expect(readFileSync(join(house.root, 'muster.yaml'), 'utf8')).toBe(yaml);
    expect(house.hasState()).toBe(false);
  });
});

const SET = `workerSets:
  all: { nodes: all, name: "b-\${node}", worker: {} }

`;

describe('import', () => {
  it('shows what the declaration would change of the VM, how to avoid it, and the plan says the same (P38)', async () => {
    const house = openWith(BY_HAND, YAML.replaceAll('backup-pve1', 'old-proxy'));
    const told = await house.muster('import', 'old-proxy', '150', '--auto-approve');
    expect(told.code, told.stderr).toBe(0);
    expect(told.stdout).toContain('memory: 3 GiB -> 6 GiB');
    expect(told.stdout).toContain('Declared like this, it would stay as it is:');
    expect(told.stdout).toContain('memory: 3GiB');
    const plan = await house.muster('plan', '--verbose');
    expect(plan.stdout).toContain('memory: 3 GiB -> 6 GiB');
    expect(plan.stdout).toContain('0 to destroy, 0 to replace');
    expect(plan.stdout).not.toContain('drift');
  });

  it('writes nothing with --dry-run, nor without an answer', async () => {
    const house = openWith(BY_HAND);
    await house.muster('apply', '--auto-approve');
    const state = house.state();
    const vm = { ...house.cluster.world.vms['150']?.config };
    const told = await house.muster('import', 'old-proxy', '150', '--write', '--dry-run');
    expect(told.code, told.stderr).toBe(0);
    expect(told.stdout).toContain('Nothing was written (--dry-run).');
    const asked = await house.muster('import', 'old-proxy', '150', '--write');
    expect(asked.code).toBe(1);
    expect(readFileSync(join(house.root, 'muster.yaml'), 'utf8')).toBe(YAML);
    expect(house.state()).toEqual(state);
    expect(house.cluster.world.vms['150']?.config).toEqual(vm);
  });

  it('refuses a worker that nothing declares: the next plan would destroy its VM', async () => {
    const house = openWith(BY_HAND);
    const told = await house.muster('import', 'old-proxy', '150', '--auto-approve');
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('the next plan would destroy its VM');
    expect(told.stderr).toContain('node: pve1');
  });

  it('refuses a disk that would have to shrink, and says to what to declare', async () => {
    const small = 'old-proxy:   {node: pve1, disk: {size: 20GiB}}';
    const house = openWith(BY_HAND, YAML.replace('backup-pve1:   {node: pve1}', small));
    const told = await house.muster('import', 'old-proxy', '150', '--auto-approve');
    expect(told.code).toBe(1);
    expect(told.stderr).toContain("can't shrink from 48 GiB to 20 GiB");
    expect(house.hasState()).toBe(false);
  });

  it.each([
    ['one that runs', '101', /vm 101 \(web\) on pve1 is running/],
    ['a template', '9000', /is a template/],
    ['an id that is free', '4711', /no guest of this cluster has the id 4711/],
    ['what is no id', 'old', /"old" is not the id of a VM/],
  ])('refuses %s, and says what to do', async (_, id, why) => {
    const house = openWith(BY_HAND);
    const told = await house.muster('import', 'backup-pve1', id, '--auto-approve');
    expect([1, 6]).toContain(told.code);
    expect(told.stderr).toMatch(why);
    expect(told.stderr).not.toContain('    at ');
    expect(house.hasState()).toBe(false);
  });

  it('refuses a VM that is a worker, one for a worker that has a VM, and a copy of one (P25)', async () => {
    const house = openWith(BY_HAND, TWO_WORKERS);
    await house.muster('apply', '--test', '--auto-approve');
    const { vmid = 0 } = house.state().workers['backup-pve1']?.vm ?? {};
    const own = await house.muster('import', 'backup-pve2', String(vmid), '--auto-approve');
    expect(own.code).toBe(6);
    expect(own.stderr).toContain(`vm ${vmid} is worker backup-pve1's`);
    const second = await house.muster('import', 'backup-pve1', '150', '--auto-approve');
    expect(second.code).toBe(6);
    expect(second.stderr).toContain('backup-pve1 has a VM already');
    const { smbios1 = '', description = '' } = house.cluster.world.vms[vmid]?.config ?? {};
    const { config } = house.cluster.world.vms['150'] ?? { config: {} };
    Object.assign(config, { smbios1, description, tags: 'muster' });
    await house.muster('state', 'rm', 'backup-pve2');
    const copy = await house.muster('import', 'backup-pve2', '150', '--auto-approve');
    expect(copy.code).toBe(6);
    expect(copy.stderr).toContain('bears marks of worker backup-pve1');
  });

  it('cut short at any effect and begun again, ends the same (P47)', async () => {
    const whole = openWith(BY_HAND);
    await whole.muster(...IMPORT);
    for (const when of ['before', 'after'] as const)
      for (let atEffect = 1; ; atEffect += 1) {
        const house = openWith(BY_HAND);
        const killed = await house.musterKilled({ atEffect, when }, ...IMPORT);
        if (killed !== undefined) {
          expect(atEffect).toBeGreaterThan(4);
          break;
        }
        const again = await house.muster(...IMPORT.filter((word) => word !== '--write'));
        const told = again.code === 0 ? again : await house.muster(...IMPORT);
        const isDone = told.stderr.includes("is old-proxy's already");
        expect(told.code === 0 || isDone, `${when} ${atEffect}: ${told.stderr}`).toBe(true);
        expect(house.state().workers['old-proxy']?.vm?.vmid).toBe(150);
        expect((await nextPlan(house)).text).toContain('0 to destroy, 0 to replace, 1 to change');
      }
  }, 60_000);
});
