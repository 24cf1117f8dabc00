import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { validatePlan } from '../../src/generated/validate-plan.js';
import type { Json } from '../../src/model/json.ts';
import type { State } from '../../src/model/state.ts';
import { runRecord } from '../state/support/states.ts';
import { type House, openHouse } from '../support/house.ts';
import { type StateServer, startStateServer } from '../support/state-server.ts';
import { TWO_WORKERS } from './project.ts';

/** Format 0, made up: workers were called machines. */
const migrations = {
  0: (value: unknown) => {
    const { machines, ...rest } = value as { readonly machines: State['workers'] };
    return { ...rest, format: 1, workers: machines };
  },
};

const THREE_WORKERS = `${TWO_WORKERS}  backup-pve3: { node: pve3 }\n`;
const ANNOUNCED =
  'older format 0: the next apply with something to do writes the newest, and keeps a backup\n';

const servers: StateServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

interface Place {
  readonly house: House;
  stored(): string;
  put(text: string): void;
}

async function localPlace(): Promise<Place> {
  const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS }, migrations });
  const path = join(house.root, 'muster.state.json');
  return {
    house,
    stored: () => readFileSync(path, 'utf8'),
    put: (text) => writeFileSync(path, text),
  };
}

async function httpPlace(): Promise<Place> {
  const server = await startStateServer();
  servers.push(server);
  const env = { MUSTER_HTTP_ADDRESS: server.address, MUSTER_HTTP_LOCK_ADDRESS: server.lockAddress };
  const state = `state: { backend: http, address: "${server.address}" }\n`;
  const house = openHouse({ files: { 'muster.yaml': state + TWO_WORKERS }, env, migrations });
  return { house, stored: () => server.stored() ?? '', put: server.put };
}

function inFormat0(text: string, change: (state: State) => State = (state) => state): string {
  const { workers, ...rest } = change(JSON.parse(text) as State);
  return `${JSON.stringify({ ...rest, format: 0, machines: workers })}\n`;
}

/** Two workers with VMs. Returns what is stored. */
async function settleToday({ house, stored }: Place): Promise<string> {
  const told = await house.muster('apply', '--test', '--auto-approve');
  expect(told.code, told.stdout + told.stderr).toBe(0);
  return stored();
}

/** The same, recorded in format 0. */
async function settle(place: Place): Promise<string> {
  const old = inFormat0(await settleToday(place));
  place.put(old);
  return old;
}

function backupsIn({ root }: House): readonly string[] {
  const folder = join(root, '.muster/backups');
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** A worker more is declared: an apply has something to do. */
function declareThird({ house }: Place): void {
  const declared = readFileSync(join(house.root, 'muster.yaml'), 'utf8');
  house.write('muster.yaml', declared.replace(TWO_WORKERS, THREE_WORKERS));
}

describe.each([
  ['local', localPlace],
  ['http', httpPlace],
])('a state of an older format (%s)', (_, open) => {
  it('is planned with and read as it is, announced, and not written', async () => {
    const place = await open();
    const old = await settle(place);
    const plan = await place.house.muster('plan', '--detailed-exitcode');
    expect(plan.code, plan.stdout + plan.stderr).toBe(0);
    expect(plan.stdout).toContain(ANNOUNCED);
    for (const command of ['status', 'drift', 'show'])
      expect((await place.house.muster(command)).stdout).toContain(ANNOUNCED);
    const list = await place.house.muster('state', 'list');
    expect(list.stdout).toBe('backup-pve1\nbackup-pve2\n');
    const words = (text: string) => text.replace(/\s+/g, ' ').trim();
    expect(words(list.stderr)).toBe(`Warning: the state has the ${ANNOUNCED.trim()}`);
    const doctor = await place.house.muster('doctor');
    expect(words(doctor.stdout)).toContain(ANNOUNCED.trim());
    const listed = await place.house.muster('state', 'list', '--json');
    expect(JSON.parse(listed.stdout)).toEqual(['backup-pve1', 'backup-pve2']);
    expect(place.stored()).toBe(old);
    expect(backupsIn(place.house)).toEqual([]);
  });

  it('is written in the newest by the apply that has something to do, and kept as it was', async () => {
    const place = await open();
    const old = await settle(place);
    const before = JSON.parse(old) as { serial: number; lineage: string; machines: object };
    declareThird(place);
    expect((await place.house.muster('plan', '--out', 'muster.plan')).stdout).toContain(ANNOUNCED);
    const told = await place.house.muster('apply', 'muster.plan');
    expect(told.code, told.stdout + told.stderr).toBe(0);
    const after = JSON.parse(place.stored()) as State;
    expect(after).toMatchObject({ format: 1, lineage: before.lineage, workers: before.machines });
    expect(Object.keys(after.workers)).toHaveLength(3);
    const name = `${before.lineage.slice(0, 8)}-${before.serial}.format-0.json`;
    expect(backupsIn(place.house)).toEqual([name]);
    const kept = join(place.house.root, '.muster/backups', name);
    expect(readFileSync(kept, 'utf8')).toBe(old);
    const plan = await place.house.muster('plan', '--detailed-exitcode');
    expect(plan.code, plan.stdout + plan.stderr).toBe(0);
    expect(plan.stdout).not.toContain('older format');
  });

  it('is announced in every format of a plan that a person reads, and in the saved one', async () => {
    const place = await open();
    await settle(place);
    declareThird(place);
    const words = ANNOUNCED.trim();
    const { house } = place;
    const json = await house.muster('plan', '--format', 'json', '--out', 'muster.plan');
    const saved: Json = JSON.parse(json.stdout);
    expect(saved).toMatchObject({ stateFormat: 0 });
    expect(validatePlan(saved)).toEqual([]);
    for (const format of ['markdown', 'html', 'text'])
      for (const argv of [['plan'], ['show', 'muster.plan']])
        expect((await house.muster(...argv, '--format', format)).stdout).toContain(words);
    for (const argv of [['plan'], ['apply', '--auto-approve']]) {
      const lines = (await house.muster(...argv, '--json')).stdout.trim().split('\n');
      const told = lines.map((line) => JSON.parse(line) as { readonly diagnostic?: object });
      expect(told.flatMap(({ diagnostic }) => diagnostic ?? [])).toContainEqual(
        expect.objectContaining({
          severity: 'warning',
          code: 'state-older-format',
          summary: `the state has the ${words}`,
        }),
      );
    }
    expect(JSON.parse((await house.muster('plan', '--format', 'json')).stdout)).not.toHaveProperty(
      'stateFormat',
    );
  });

  it('is left alone by an apply with nothing to do', async () => {
    const place = await open();
    const old = await settle(place);
    expect((await place.house.muster('apply', '--auto-approve')).code).toBe(0);
    expect(place.stored()).toBe(old);
  });

  it('is not replaced under a run that lives: its Muster could not go on', async () => {
    const place = await open();
    const today = await settleToday(place);
    const run = runRecord('run-1', { beat: place.house.clock.now() });
    const old = inFormat0(today, (state) => ({ ...state, runs: { [run.id]: run } }));
    place.put(old);
    declareThird(place);
    const told = await place.house.muster('apply', '--auto-approve');
    expect(told.code, told.stdout + told.stderr).toBe(4);
    expect(told.stderr).toContain('the state has the older format 0, and is in use');
    expect(place.stored()).toBe(old);
    expect(backupsIn(place.house)).toEqual([]);
  });

  it.each([
    ['state', 'rm', 'backup-pve1'],
    ['state', 'mv', 'backup-pve1', 'backup-pve9'],
    ['quarantine', 'backup-pve1', '--note', 'slow'],
    ['state', 'push', '--force', 'today.json'],
    ['state', 'migrate', '--force', '--from', 'today.json'],
    ['state', 'recover'],
    ['import', 'backup-pve1', '9000'],
  ])('is not written anew by %s %s', async (...argv) => {
    const place = await open();
    const today = await settleToday(place);
    place.house.write('today.json', today);
    const old = inFormat0(today);
    place.put(old);
    const told = await place.house.muster(...argv);
    expect(told.code, told.stdout + told.stderr).toBe(6);
    expect(told.stderr).toContain('the state has the older format 0, which only apply writes anew');
    expect(place.stored()).toBe(old);
    expect(backupsIn(place.house)).toEqual([]);
  });
});
