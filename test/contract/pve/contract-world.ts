import type { WorldSpec } from '../../../src/simulator/spec.ts';

const GIB = 1024 ** 3;

export const TEST_TOKEN = 'root@pam!test=00000000-0000-4000-8000-000000000001';
/** Separated privileges, and none given. */
export const SEPARATED_TOKEN = 'planner@pve!sep=00000000-0000-4000-8000-000000000003';

/** The installation that the expectations were taken from, as far as they tell. */
export function contractWorld(): WorldSpec {
  return {
    name: 'contract',
    version: '9.2.11',
    nodes: [{ name: 'pve1', cpus: 2, memory: 24 * GIB, address: '10.77.0.1' }],
    storages: [
      {
        id: 'local',
        type: 'dir',
        content: ['images', 'iso', 'vztmpl', 'backup', 'import', 'snippets'],
        size: 250 * GIB,
        used: 30 * GIB,
      },
    ],
    bridges: [{ name: 'vmbr0', vlanAware: true }],
    pools: [{ id: 'workers', comment: 'worker VMs' }],
    images: { 'debian-13': { os: 'debian' } },
    volumes: [{ volid: 'local:import/debian-13.qcow2', size: 0.4 * GIB, image: 'debian-13' }],
    vms: [
      {
        vmid: 9000,
        node: 'pve1',
        name: 'debian13-tmpl',
        template: true,
        image: 'debian-13',
        storage: 'local',
        disk: 3 * GIB,
      },
    ],
    access: {
      users: [{ id: 'root@pam', password: 'root-password' }, { id: 'planner@pve' }],
      tokens: [
        { id: 'root@pam!test', secret: '00000000-0000-4000-8000-000000000001', privsep: false },
        { id: 'planner@pve!sep', secret: '00000000-0000-4000-8000-000000000003' },
      ],
    },
    network: {
      segments: [
        {
          id: 'lan',
          bridge: 'vmbr0',
          vlan: 0,
          cidr: '10.77.0.0/24',
          gateway: '10.77.0.1',
          dhcp: { from: '10.77.0.100', dns: ['10.77.0.1'] },
        },
      ],
    },
    downloads: {
      'http://10.77.0.1:8123/img.qcow2': { size: 358_547_456, image: 'debian-13' },
      'http://10.77.0.1:8123/none.qcow2': { size: 0, status: 404 },
    },
  };
}
