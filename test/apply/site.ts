import { expect } from 'vitest';
import type { Finding, Plan, WorkerPlan } from '../../src/model/plan.ts';
import type { WorldSpec } from '../../src/simulator/spec.ts';
import type { FaultEffect, JournalEntry, Vm } from '../../src/simulator/world.ts';
import { quickstartWorld } from '../../src/simulator/worlds.ts';
import { type House, type HouseOptions, openHouse, type Told } from '../support/house.ts';

/** Parts of a declaration, as they stand in the YAML (of which JSON is a subset). */
export type Declared = Readonly<Record<string, unknown>>;

/** A worker on pve1 that is deployed with the next apply. */
export const EAGER: Declared = { node: 'pve1', deploy: 'eager' };

const BASE: Declared = {
  muster: 1,
  project: 'site',
  cluster: { endpoint: 'simulator', vmids: { from: 9100, to: 9119 } },
  images: { 'debian-13': { template: { name: 'debian-13' } } },
  defaults: { image: 'debian-13' },
};

/** A project whose workers are w1, w2 … as given; other keys of the declaration replace the usual ones. */
export function openSite(
  workers: Readonly<Record<string, Declared>> = { w1: EAGER },
  more: Declared = {},
  options: HouseOptions = {},
): House {
  const house = openHouse(options);
  declare(house, workers, more);
  return house;
}

export function declare(
  house: House,
  workers: Readonly<Record<string, Declared>>,
  more: Declared = {},
): void {
  house.write('muster.yaml', JSON.stringify({ ...BASE, workers, ...more }));
}

/** The same after its first apply, which has to succeed; the journal begins behind it. */
export async function deployedSite(
  workers?: Readonly<Record<string, Declared>>,
  more?: Declared,
  options?: HouseOptions,
): Promise<House> {
  const house = openSite(workers, more, options);
  await applied(house);
  house.cluster.journal();
  return house;
}

export async function applied(house: House, ...argv: string[]): Promise<Told> {
  return expectCode(await house.muster('apply', '--auto-approve', ...argv), 0);
}

export function expectCode(told: Told, code: number): Told {
  expect(told.code, told.stdout + told.stderr).toBe(code);
  return told;
}

export async function planned(house: House, ...argv: string[]): Promise<Plan> {
  const told = expectCode(await house.muster('plan', '--format', 'json', ...argv), 0);
  return (JSON.parse(told.stdout) as { plan: Plan }).plan;
}

export async function plannedWorker(
  house: House,
  worker: string,
  ...argv: string[]
): Promise<WorkerPlan | undefined> {
  return (await planned(house, ...argv)).workers.find((each) => each.worker === worker);
}

export function findingCodes(plan: Plan): readonly string[] {
  return plan.findings.map(({ code }: Finding) => code).sort();
}

/** Nothing is left to do, nothing was left begun, and no worker runs. */
export async function expectSettled(house: House): Promise<void> {
  expectAtRest(house);
  const told = await house.muster('plan', '--detailed-exitcode');
  expect(told.code, told.stdout + told.stderr).toBe(0);
}

/** No lease, no run, nothing begun and not ended; every recorded VM is there and off, and no other one of ours. */
export function expectAtRest(house: House): void {
  const { workers, runs } = house.state();
  const left = Object.entries(workers).flatMap(([worker, { lease, doing }]) =>
    lease === undefined && doing === undefined ? [] : [{ worker, lease, doing }],
  );
  expect(left).toEqual([]);
  expect(runs).toEqual({});
  const recorded = Object.values(workers).flatMap(({ vm }) => (vm === undefined ? [] : [vm.vmid]));
  const existing = oursIn(house).map(({ vmid }) => vmid);
  expect(existing).toEqual(recorded.sort());
  expect(oursIn(house).filter(({ power }) => power.status !== 'stopped')).toEqual([]);
}

/** VMs of the cluster that bear this state's serial. */
export function oursIn(house: House): readonly Vm[] {
  const serial = Buffer.from(`muster:${house.state().lineage}`).toString('base64');
  return Object.values(house.cluster.world.vms)
    .filter(({ config }) => config.smbios1?.includes(serial) === true)
    .sort((a, b) => a.vmid - b.vmid);
}

export function vmOf(house: House, vmid = 9100): Vm {
  const vm = house.cluster.world.vms[String(vmid)];
  if (vm === undefined) throw new Error(`there is no vm ${vmid}`);
  return vm;
}

/** Writes that named this VM since the journal was read last, as "METHOD path". */
export function writesTo(entries: readonly JournalEntry[], vmid: number): readonly string[] {
  return entries
    .filter((entry) => entry.vmid === vmid || entry.params.newid === String(vmid))
    .map(({ method, path }) => `${method} ${path}`);
}

export function inject(
  house: House,
  method: string,
  path: string,
  effect: FaultEffect,
  nth?: number,
): void {
  house.cluster.inject({ match: { method, path, ...(nth === undefined ? {} : { nth }) }, effect });
}

/** With a storage `fast` on every node, and a second template on pve1. */
export function roomyWorld(): WorldSpec {
  const world = quickstartWorld();
  const [template] = world.vms;
  if (template === undefined) throw new Error('the world has no template');
  return {
    ...world,
    storages: [
      ...world.storages,
      { id: 'fast', type: 'lvmthin', content: ['images'], size: 800 * 1024 ** 3 },
    ],
    pools: [...(world.pools ?? []), { id: 'workers' }],
    vms: [...world.vms, { ...template, vmid: 9010, name: 'debian-13-5' }],
  };
}

/** What was told, whatever lines it was broken into. */
export function wordsOf({ stdout, stderr }: Told): string {
  return `${stdout} ${stderr}`.replace(/\s+/g, ' ');
}
