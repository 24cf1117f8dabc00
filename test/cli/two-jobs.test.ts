import { afterEach, describe, expect, it } from 'vitest';
import type { State } from '../../src/model/state.ts';
import type { Transport } from '../../src/pve/transport.ts';
import { type House, openHouse, type Told } from '../support/house.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { TWO_WORKERS } from './project.ts';

const servers: StateServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

interface Jobs {
  readonly server: StateServer;
  /** Its session stands still in the middle of its work item until `release`. */
  readonly first: Promise<Told>;
  readonly release: () => void;
  /** Another CI job at the same time. */
  readonly second: House;
}

const SESSION = (worker: string) => [
  'apply',
  '--run',
  'backup',
  '--workers',
  worker,
  '--',
  'cat',
  '/etc/hostname',
];

/** Two workers with VMs, and a session that works in the first one. */
async function jobs(): Promise<Jobs> {
  const server = await startStateServer();
  servers.push(server);
  const files = {
    'muster.yaml': `${TWO_WORKERS}state: { backend: http, address: '${server.address}', lockAddress: '${server.lockAddress}' }\n`,
  };
  const gate = gated();
  const one = openHouse({ files, intercept: gate.intercept });
  const prepared = await one.muster('apply', '--test', '--auto-approve');
  expect(prepared.code, prepared.stdout + prepared.stderr).toBe(0);
  const second = openHouse({ files, cluster: one.cluster, clock: one.clock, seed: 2 });
  gate.close();
  const first = one.muster(...SESSION('backup-pve1'));
  await gate.reached;
  return { server, first, release: gate.open, second };
}

/** Once closed, it holds up the answer to the next command in a guest. */
function gated() {
  let isClosed = false;
  let open = (): void => {};
  let reach = (): void => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  const intercept = (inner: Transport): Transport => ({
    ...inner,
    send: async (request, sending) => {
      const answer = await inner.send(request, sending);
      if (isClosed && request.path.includes('/agent/exec')) {
        isClosed = false;
        reach();
        await opened;
      }
      return answer;
    },
  });
  return {
    intercept,
    reached,
    open: () => open(),
    close: () => {
      isClosed = true;
    },
  };
}

function stateOn(server: StateServer): State {
  return JSON.parse(server.stored() ?? 'null') as State;
}

describe('two CI jobs at once', () => {
  it('plan, change and use other workers while a session runs; of its own worker the second is refused, with the holder (P6 P7 P14 P15)', async () => {
    const { server, first, release, second } = await jobs();
    expect(stateOn(server).workers['backup-pve1']?.lease).toBeDefined();

    const plan = await second.muster('plan');
    expect(plan.code, plan.stderr).toBe(0);
    const other = await second.muster('test', 'backup-pve2', '--auto-approve');
    expect(other.code, other.stdout + other.stderr).toBe(0);
    const session = await second.muster(...SESSION('backup-pve2'));
    expect(session.code, session.stdout + session.stderr).toBe(0);

    const same = await second.muster(...SESSION('backup-pve1'));
    expect(same.code).toBe(4);
    expect(same.stderr).toMatch(/is leased by session\s+backup-by-hand-\d+/);
    const apply = await second.muster('test', 'backup-pve1', '--auto-approve');
    expect(apply.code).not.toBe(0);
    expect(apply.stdout + apply.stderr).toMatch(/leased by session/);

    release();
    const told = await first;
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(stateOn(server).runs).toEqual({});
    expect(server.lock()).toBeUndefined();
    expect((await second.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });
});
