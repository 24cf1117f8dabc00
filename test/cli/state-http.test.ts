import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { State } from '../../src/model/state.ts';
import { runRecord } from '../state/support/states.ts';
import { type House, openHouse } from '../support/house.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { TWO_WORKERS } from './project.ts';

const servers: StateServer[] = [];

async function serve(stored?: string): Promise<StateServer> {
  const server = await startStateServer({
    style: 'gitlab',
    credentials: `Basic ${Buffer.from('gitlab-ci-token:job').toString('base64')}`,
    ...(stored === undefined ? {} : { stored }),
  });
  servers.push(server);
  return server;
}

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

function declarationFor(server: StateServer): string {
  const state = [
    'state:',
    '  backend: http',
    `  address: ${server.address}`,
    `  lockAddress: ${server.lockAddress}`,
    '  lockMethod: POST',
    '  unlockMethod: DELETE',
  ];
  return `${TWO_WORKERS}${state.join('\n')}\n`;
}

/** As a GitLab job sets it. */
function jobEnv(server: StateServer): Readonly<Record<string, string>> {
  return {
    CI: 'true',
    TF_HTTP_ADDRESS: server.address,
    TF_HTTP_USERNAME: 'gitlab-ci-token',
    TF_HTTP_PASSWORD: 'job',
    MUSTER_HTTP_RETRY_WAIT_MIN: '0',
  };
}

function stateOn(server: StateServer): State {
  return JSON.parse(server.stored() ?? 'null') as State;
}

function ciHouse(server: StateServer, of?: House): House {
  return openHouse({
    files: { 'muster.yaml': declarationFor(server) },
    env: jobEnv(server),
    ...(of === undefined ? {} : { cluster: of.cluster, clock: of.clock, seed: 2 }),
  });
}

describe('a state on a server, as CI jobs that keep nothing share it', () => {
  it('carries the whole life of workers: apply with test, and then an empty plan on another machine', async () => {
    const server = await serve();
    const job = ciHouse(server);
    const told = await job.muster('apply', '--test', '--auto-approve');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    expect(server.lock()).toBeUndefined();
    const { serial, workers, runs } = stateOn(server);
    expect(runs).toEqual({});
    expect(workers['backup-pve1']?.last.test?.result).toBe('passed');
    expect(server.history().map((text) => (JSON.parse(text) as State).serial)).toEqual(
      Array.from({ length: serial }, (_, index) => index + 1),
    );
    const other = ciHouse(server, job);
    expect((await other.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });

  it('is read by a plan without any lock, while somebody else holds it (P6)', async () => {
    const server = await serve();
    const job = ciHouse(server);
    await job.muster('apply', '--auto-approve');
    server.setLock({ ID: 'someone', Who: 'anna@laptop', Operation: 'apply' });
    expect((await job.muster('plan', '--detailed-exitcode')).code).toBe(0);
    const refused = await job.muster(
      'test',
      'backup-pve1',
      '--auto-approve',
      '--lock-timeout',
      '0s',
    );
    expect(refused.code).toBe(4);
    expect(refused.stderr).toMatch(/locked by anna@laptop, apply, lock someone/);
    expect(refused.stderr).toContain('muster state unlock someone');
    expect((await job.muster('state', 'unlock', 'other')).stderr).toContain('anna@laptop');
    const unlocked = await job.muster('state', 'unlock', 'someone');
    expect(unlocked.stdout).toContain('held by anna@laptop');
    expect(server.lock()).toBeUndefined();
  });

  it('lets a run go on with other workers while one is leased, and refuses that one with its holder (P7 P14)', async () => {
    const server = await serve();
    const job = ciHouse(server);
    await job.muster('apply', '--auto-approve');
    const state = stateOn(server);
    const leased = state.workers['backup-pve1'];
    if (leased === undefined) throw new Error('there are two workers');
    const run = runRecord('session-1', {
      kind: 'session',
      session: 'nightly',
      beat: job.clock.now() + 60_000,
      jobUrl: 'https://ci.example.net/8812',
    });
    server.put(
      JSON.stringify({
        ...state,
        serial: state.serial + 1,
        runs: { 'session-1': run },
        workers: {
          ...state.workers,
          'backup-pve1': { ...leased, lease: { run: 'session-1', fence: 1 } },
        },
      }),
    );
    expect((await job.muster('plan')).code).toBe(0);
    const other = await job.muster('test', 'backup-pve2', '--auto-approve');
    expect(other.code, other.stdout + other.stderr).toBe(0);
    const same = await job.muster('test', 'backup-pve1', '--auto-approve');
    expect(same.code).not.toBe(0);
    expect(same.stdout + same.stderr).toMatch(/leased by session nightly/);
    expect(stateOn(server).runs).toHaveProperty('session-1');
  });

  it('is not asked, and gets no credentials, when only the YAML of a pull request names it', async () => {
    const server = await serve();
    const elsewhere = await serve();
    const house = openHouse({
      files: { 'muster.yaml': declarationFor(elsewhere) },
      env: jobEnv(server),
    });
    const told = await house.muster('plan');
    expect(told.code).toBe(1);
    expect(told.stderr).toContain('stands only in the YAML');
    expect(elsewhere.requests()).toEqual([]);
    expect(server.requests()).toEqual([]);
  });

  it('that is lost is recovered from the marks, and the next plan is empty', async () => {
    const server = await serve();
    const job = ciHouse(server);
    await job.muster('apply', '--test', '--auto-approve');
    const { lineage } = stateOn(server);
    server.put(undefined);
    expect((await job.muster('plan')).stderr).toContain('muster state recover');
    expect((await job.muster('state', 'recover')).code).toBe(0);
    expect(stateOn(server).lineage).toBe(lineage);
    expect((await job.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });
});

describe('a local state', () => {
  it('is warned of under CI, where machines keep nothing', async () => {
    const files = {
      'muster.yaml': TWO_WORKERS.replace('simulator', 'https://pve1.example.net:8006'),
    };
    const env = {
      CI: 'true',
      MUSTER_PVE_ENDPOINT: 'https://pve1.example.net:8006',
      MUSTER_PVE_TOKEN: 'a@pve!b=00000000-0000-4000-8000-000000000000',
    };
    const told = await openHouse({ files, env }).muster('plan');
    expect(told.stdout + told.stderr).toContain('under CI the state is in a file of this machine');
    const outside = await openHouse({ files, env: { ...env, CI: '' } }).muster('plan');
    expect(outside.stdout + outside.stderr).not.toContain('under CI');
  });
});

describe('state migrate', () => {
  it('moves a local state to a server and back, lineage and workers unchanged, plan empty all along', async () => {
    const server = await serve();
    const house = openHouse({
      files: { 'muster.yaml': TWO_WORKERS },
      env: { ...jobEnv(server), CI: '' },
    });
    await house.muster('apply', '--test', '--auto-approve');
    const before = house.state();
    house.write('muster.yaml', declarationFor(server));
    const trial = await house.muster(
      'state',
      'migrate',
      '--from',
      'muster.state.json',
      '--dry-run',
    );
    expect(trial.code, trial.stderr).toBe(0);
    expect(server.stored()).toBeUndefined();
    const told = await house.muster('state', 'migrate', '--from', 'muster.state.json');
    expect(told.stdout).toContain('copied: 2 workers');
    expect(stateOn(server)).toEqual({ ...before, serial: before.serial + 1 });
    expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
    const again = await house.muster('state', 'migrate', '--from', 'muster.state.json');
    expect(again.stdout).toContain('nothing to do');

    rmSync(join(house.root, 'muster.state.json'));
    rmSync(join(house.root, 'muster.state.json.backup'), { force: true });
    house.write('muster.yaml', TWO_WORKERS);
    expect((await house.muster('state', 'migrate', '--from', server.address)).code).toBe(0);
    expect(house.state()).toEqual({ ...before, serial: before.serial + 2 });
    expect((await house.muster('plan', '--detailed-exitcode')).code).toBe(0);
  });

  it('refuses to write over another state, and needs to know from where', async () => {
    const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
    await house.muster('apply', '--auto-approve');
    const other = { ...house.state(), lineage: '00000000-0000-4000-8000-000000000000' };
    writeFileSync(join(house.root, 'other.json'), JSON.stringify(other));
    const told = await house.muster('state', 'migrate', '--from', 'other.json');
    expect(told.code).toBe(6);
    expect(told.stderr).toContain('lineage');
    expect((await house.muster('state', 'migrate')).stderr).toContain('--from FILE');
    expect(
      (await house.muster('state', 'migrate', '--from', 'muster.state.json')).stderr,
    ).toContain('itself');
    expect((await house.muster('state', 'migrate', '--from', 'no.json')).stderr).toContain(
      'there is no state at',
    );
  });
});
