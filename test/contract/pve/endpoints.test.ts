import { expect, it } from 'vitest';
import type { Pve, PveAgent, PveReads, PveTasks, PveWrites } from '../../../src/model/pve-port.ts';
import { createPve } from '../../../src/pve/create-pve.ts';
import { virtualClock } from '../../support/virtual-clock.ts';
import { TEST_TOKEN } from './contract-world.ts';
import { loadExpectations } from './replay.ts';

const UPID = 'UPID:pve1:00000A13:0004AD05:6B02AEFB:qmcreate:9000:root@pam!test:';
const IMAGE = { url: 'http://x/i.qcow2', filename: 'i.qcow2', checksum: '0', algorithm: 'sha256' };
const CLONE = { newid: 101, name: 'w', description: '', full: true };

/** One call of each method; the compiler sees to it that none is left out. */
const READS: Readonly<Record<keyof PveReads, (read: PveReads) => Promise<unknown>>> = {
  facts: (read) => read.facts(),
  cluster: (read) => read.cluster(),
  nodeVms: (read) => read.nodeVms('pve1'),
  config: (read) => read.config('pve1', 101),
  pending: (read) => read.pending('pve1', 101),
  idIsFree: (read) => read.idIsFree(101),
  status: (read) => read.status('pve1', 101),
  permissions: (read) => read.permissions(),
  storages: (read) => read.storages('pve1'),
  bridges: (read) => read.bridges('pve1'),
  volumes: (read) => read.volumes('pve1', 'local', 'import'),
  haManaged: (read) => read.haManaged(),
  migrationObstacles: (read) => read.migrationObstacles('pve1', 101, 'pve2'),
  snapshots: (read) => read.snapshots('pve1', 101),
};
const WRITES: Readonly<Record<keyof PveWrites, (write: PveWrites) => Promise<unknown>>> = {
  clone: (write) => write.clone('pve1', 9000, CLONE),
  create: (write) => write.create('pve1', { vmid: 101 }),
  setConfig: (write) => write.setConfig('pve1', 101, { cores: 1 }, [], ''),
  resize: (write) => write.resize('pve1', 101, 'scsi0', 1),
  moveDisk: (write) => write.moveDisk('pve1', 101, 'scsi0', 'local'),
  migrate: (write) => write.migrate('pve1', 101, 'pve2'),
  start: (write) => write.start('pve1', 101),
  shutdown: (write) => write.shutdown('pve1', 101, 1000),
  stop: (write) => write.stop('pve1', 101),
  destroy: (write) => write.destroy('pve1', 101),
  downloadImage: (write) => write.downloadImage('pve1', 'local', IMAGE),
  regenerateCloudInit: (write) => write.regenerateCloudInit('pve1', 101),
  setPool: (write) => write.setPool('p', 101, true),
};
const AGENT: Readonly<Record<keyof PveAgent, (agent: PveAgent) => Promise<unknown>>> = {
  ping: (agent) => agent.ping('pve1', 101),
  exec: (agent) => agent.exec('pve1', 101, ['true'], { timeout: 1000 }),
  readFile: (agent) => agent.readFile('pve1', 101, '/x'),
  writeFile: (agent) => agent.writeFile('pve1', 101, '/x', new Uint8Array()),
  addresses: (agent) => agent.addresses('pve1', 101),
};
const TASKS: Readonly<Record<keyof PveTasks, (tasks: PveTasks) => Promise<unknown>>> = {
  wait: (tasks) => tasks.wait(UPID, { timeout: 1000 }),
  list: (tasks) => tasks.list('pve1'),
  abort: (tasks) => tasks.abort(UPID),
};

/** "GET /nodes/*\/qemu/*\/config" of all that the client can ask. */
async function endpointsInUse(): Promise<readonly string[]> {
  const pve: Pve = createPve({
    endpoints: [],
    token: TEST_TOKEN,
    tls: { fingerprints: [] },
    transport: {
      send: async ({ path }) => {
        const data = path.endsWith('/agent/exec')
          ? { pid: 1 }
          : path.includes('/tasks/')
            ? FAILED
            : null;
        return { status: 200, reason: 'OK', headers: {}, body: JSON.stringify({ data }) };
      },
    },
    clock: virtualClock(),
    random: { uuid: () => '', fraction: () => 0 },
    parallelism: 8,
  });
  const calls = [
    ...Object.values(READS).map((call) => call(pve.read)),
    ...Object.values(WRITES).map((call) => call(pve.write)),
    ...Object.values(AGENT).map((call) => call(pve.agent)),
    ...Object.values(TASKS).map((call) => call(pve.tasks)),
  ];
  // Most of these answers are garbled: what was asked is all that counts.
  await Promise.allSettled(calls);
  return Object.keys(pve.requests());
}

/** A task that has failed has its log read, too. */
const FAILED = { status: 'stopped', exitstatus: 'no' };

const FILES = [
  'requests',
  'reading',
  'privileges',
  'life-cycle',
  'parameters',
  'agent',
  'disks',
  'downloads',
  'cluster-faults',
];

function recorded(isSuccess: boolean): ReadonlySet<string> {
  const all = FILES.flatMap((name) => Object.values(loadExpectations(name)));
  return new Set(
    all
      .filter(({ status }) => (status === 200) === isSuccess)
      .map(({ method, path }) => `${method} ${path.replace(/\{\w+\}|UPID[^/]*/g, '*')}`),
  );
}

/** One node has no other to migrate to, and no replication; 9.2 on one node was recorded. */
const NO_SUCCESS = ['GET /cluster/replication', 'POST /nodes/*/qemu/*/migrate'];
/** Nobody ever saw these fail by themselves: what fails at them fails at every endpoint. */
const NO_FAILURE = [
  'GET /access/permissions',
  'GET /cluster/ha/resources',
  'GET /cluster/replication',
  'GET /cluster/status',
  'GET /nodes/*/network',
  'GET /nodes/*/qemu',
  'GET /nodes/*/qemu/*/migrate',
  'GET /nodes/*/qemu/*/pending',
  'GET /nodes/*/qemu/*/snapshot',
  'GET /nodes/*/storage',
  'GET /nodes/*/tasks',
  'GET /nodes/*/tasks/*/log',
  'POST /nodes/*/qemu/*/status/shutdown',
  'POST /nodes/*/qemu/*/status/stop',
  'PUT /nodes/*/qemu/*/cloudinit',
  'PUT /pools',
];

it('a success and a failure of every endpoint in use are held against the recordings', async () => {
  const used = await endpointsInUse();
  expect(used.length).toBeGreaterThan(35);
  const [successes, failures] = [recorded(true), recorded(false)];
  expect(used.filter((endpoint) => !successes.has(endpoint))).toEqual(NO_SUCCESS);
  expect(used.filter((endpoint) => !failures.has(endpoint))).toEqual(NO_FAILURE);
});
