import { describe, expect, it } from 'vitest';
import type { WorldSpec } from '../../src/simulator/spec.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import { type House, openHouse } from '../support/house.ts';
import { runPveum, type Setup } from '../support/pveum.ts';

const HEAD = `muster: 1
project: least
`;
const CLUSTER = 'endpoint: simulator, vmids: { from: 9100, to: 9199 }';
const URL_IMAGE =
  'https://cloud.debian.org/images/cloud/trixie/latest/debian-13-genericcloud-amd64.qcow2';

/** Two ways of life each: the declaration as it is applied first, and as it is changed later. */
const DECLARATIONS: Readonly<Record<string, { yaml: string; changed: [string, string][] }>> = {
  'a template in a pool, a static address in a VLAN, a snippet, options, a session': {
    yaml: `${HEAD}cluster: { ${CLUSTER}, pool: backup-workers }
images: { deb: { template: 9001 } }
defaults: { image: deb, storage: local-lvm }
workers:
  w:
    node: pve2
    networks:
      - { bridge: vmbr0, vlan: 120, ipv4: { address: 10.20.0.31/24, gateway: 10.20.0.1 } }
    dns: { servers: [10.20.0.1], search: example.net }
    cloudInit: { user: muster, vendorData: "local:snippets/v.yaml" }
    options: { machine: q35 }
    description: nightly
    tags: [prod]
sessions:
  night:
    kind: backup
    items:
      - { name: "vm-\${vm.id}", forEachVm: { pool: production }, run: [echo, "\${vm.id}"] }
`,
    changed: [
      ['description: nightly', 'description: other\n    memory: 3GiB\n    cpu: { cores: 2 }'],
      ['vlan: 120, ipv4: { address: 10.20.0.31/24', 'vlan: 120, ipv4: { address: 10.20.0.32/24'],
      ['tags: [prod]', 'tags: [prod, night]\n    disk: { size: 24GiB, storage: local-lvm }'],
    ],
  },
  'templates by name, a set that follows the cluster, no pool, sessions by tag and by id': {
    yaml: `${HEAD}cluster: { ${CLUSTER} }
images: { deb: { template: { name: debian-13 }, clone: linked } }
workerSets:
  all: { nodes: all, name: "w-\${node}", worker: { image: deb, slots: 2 } }
sessions:
  night:
    kind: backup
    items:
      - { name: "vm-\${vm.id}", forEachVm: { vmids: [101, 106] }, run: [echo, "\${vm.address}"] }
`,
    changed: [['slots: 2', 'slots: 3, protect: false, tags: [x]']],
  },
  'an image that a storage has, and a pool': {
    yaml: `${HEAD}cluster: { ${CLUSTER}, pool: backup-workers }
images: { deb: { import: "local:import/debian-13.qcow2" } }
workers: { w: { node: pve1, image: deb, storage: local-lvm } }
sessions:
  night:
    kind: backup
    items:
      - { name: "vm-\${vm.id}", forEachVm: { vmids: [101] }, run: [echo, "\${vm.address}"] }
`,
    changed: [['storage: local-lvm }', 'storage: local-lvm, memory: 3GiB }']],
  },
  'an image by URL, and a pool': {
    yaml: `${HEAD}cluster: { ${CLUSTER}, pool: backup-workers }
images:
  deb: { url: "${URL_IMAGE}", checksum: "sha512:${'5d'.repeat(64)}", storage: local }
workers: { w: { node: pve1, image: deb, storage: local-lvm } }
sessions:
  night:
    kind: backup
    items:
      - { name: "vm-\${vm.id}", forEachVm: { tags: { any: [nightly] } }, run: [echo, x] }
`,
    changed: [['node: pve1', 'node: pve1, description: other']],
  },
};

/** Machines whose agents tell an address. */
const PRODUCTION = { image: 'debian-13', config: { tags: 'nightly', ipconfig0: 'ip=dhcp' } };

/** pve2 has fewer CPUs than the default of a worker with four slots. */
function worldWith(setup: Setup): WorldSpec {
  const base = quickstartWorld();
  return {
    ...base,
    nodes: base.nodes.map((node) => (node.name === 'pve2' ? { ...node, cpus: 4 } : node)),
    pools: [...(base.pools ?? []), ...setup.pools],
    volumes: [...(base.volumes ?? []), { volid: 'local:snippets/v.yaml', size: 100 }],
    vms: base.vms.map((vm) => (vm.template ? vm : { ...vm, ...PRODUCTION })),
    access: setup.access,
  };
}

/** What a token may ask in vain: quorum and HA take Sys.Audit on /, and snippets are shown to storages' owners. */
const MAY_FAIL = /^GET \/(cluster\/(status|ha\/resources)|nodes\/pve2\/storage\/local\/content)$/;

async function openSetUp(yaml: string): Promise<{ house: House; refused: string[] }> {
  const printed = await openHouse({ files: { 'muster.yaml': yaml } }).muster(
    'doctor',
    '--print-setup',
  );
  expect(printed).toMatchObject({ code: 0, stderr: '' });
  const setup = runPveum(printed.stdout);
  const refused: string[] = [];
  const house = openHouse({
    world: worldWith(setup),
    token: setup.token,
    files: { 'muster.yaml': yaml },
    intercept: (inner) => ({
      ...inner,
      send: async (request, options) => {
        const answer = await inner.send(request, options);
        const what = `${request.method} ${request.path.split('?')[0]}`;
        if (answer.status === 403 && !MAY_FAIL.test(what))
          refused.push(`${what}: ${answer.reason}`);
        return answer;
      },
    }),
  });
  return { house, refused };
}

describe('a token with what doctor --print-setup prints, and no more', () => {
  it.each(Object.entries(DECLARATIONS))(
    'P41 W18: suffices for %s',
    async (_, { yaml, changed }) => {
      const { house, refused } = await openSetUp(yaml);
      const run = async (...argv: string[]): Promise<string> => {
        const { code, stdout, stderr } = await house.muster(...argv);
        expect({ argv, code, refused }, `${stdout}${stderr}`).toEqual({
          argv,
          code: 0,
          refused: [],
        });
        return stdout;
      };
      expect(await run('doctor')).toContain('can be deployed and tested');
      await run('apply', '--auto-approve', '--test');
      expect(await run('plan')).toContain('nothing to do');
      await run('apply', '--with-session', 'night');
      house.write(
        'muster.yaml',
        changed.reduce((text, [from, to]) => text.replace(from, to), yaml),
      );
      await run('apply', '--auto-approve');
      expect(await run('plan')).toContain('nothing to do');
      await run('destroy', '--auto-approve');
      expect(
        Object.values(house.cluster.world.vms).some(({ vmid }) => vmid >= 9100 && vmid < 9200),
      ).toBe(false);
    },
  );

  it('W18: sees the nodes, so that a worker gets no more vCPUs than its node has', async () => {
    const { house } = await openSetUp(
      DECLARATIONS['an image by URL, and a pool']?.yaml.replace('pve1', 'pve2') ?? '',
    );
    expect((await house.muster('plan')).stdout).toContain('4 slots, 4 vCPU');
  });
});
