import type { Clock } from '../../src/model/ports.ts';
import type { EndedSession, LiveSession } from '../../src/model/session.ts';
import { type House, type HouseOptions, openHouse, type Told } from '../support/house.ts';

export const MINUTE = 60_000;

/** Two workers on two nodes, without patching; `sessions` is YAML below `sessions:`, indented by two. */
export function sessionHouse(sessions: string, options: HouseOptions = {}): House {
  return openHouse({
    ...options,
    files: { 'muster.yaml': declaration(sessions), ...options.files },
  });
}

function declaration(sessions: string, slots: number = 2): string {
  return `
muster: 1
project: test
cluster: { endpoint: simulator, vmids: { from: 9100, to: 9199 } }
images: { debian-13: { template: { name: debian-13 } } }
repositories:
  pbs: { address: "pbs.example.net:8007", maxConcurrent: 1 }
defaults: { image: debian-13, storage: local-lvm, patch: { policy: none } }
workers:
  a: { node: pve1, slots: ${slots}, labels: { site: one } }
  b: { node: pve2, slots: ${slots}, labels: { site: two } }
sessions:
${sessions}`;
}

/** Items that sleep for so many minutes each, as YAML. */
export function sleepers(minutes: readonly number[], more: string = ''): string {
  return minutes
    .map(
      (each, index) =>
        `      - { name: item-${index + 1}, run: [sh, -c, "echo begun; sleep ${each * 60}; echo ended"]${more} }`,
    )
    .join('\n');
}

/** The house's clock, and when a command first waited on it: before that it only loads and reads. */
function startedClock(house: House): { readonly clock: Clock; readonly started: Promise<void> } {
  let start = (): void => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const sleep: Clock['sleep'] = (ms, signal) => {
    const slept = house.clock.sleep(ms, signal);
    start();
    return slept;
  };
  return { clock: { ...house.clock, sleep }, started };
}

/** kill -9 so many ms after its begin: nothing that it waits for ever ends. */
export async function killedAfter(house: House, ms: number, ...argv: string[]): Promise<void> {
  const never = new Promise<never>(() => {});
  let isDead = false;
  const { clock, started } = startedClock(house);
  const mortal: Clock = {
    ...clock,
    sleep: async (wait, signal) => {
      if (isDead) return never;
      try {
        await clock.sleep(wait, signal);
      } catch (error) {
        return isDead ? never : Promise.reject(error);
      }
      return isDead ? never : undefined;
    },
  };
  const ended = house.musterWith({ clock: mortal }, ...argv).then((told) => {
    throw new Error(`it ended before it was killed, ${told.code}: ${told.stdout}${told.stderr}`);
  });
  await Promise.race([ended, started.then(() => house.clock.sleep(ms))]);
  isDead = true;
}

/** So many ms after a command's begin, something is done. */
export type Event = readonly [ms: number, work: () => unknown];

/** Runs a command line while things happen. */
export async function meanwhile(
  house: House,
  events: readonly Event[],
  ...argv: string[]
): Promise<Told> {
  const { clock, started } = startedClock(house);
  for (const [ms, work] of events) void started.then(() => house.clock.sleep(ms)).then(work);
  return house.musterWith({ clock }, ...argv);
}

/** Ctrl-C after so many ms, and once more after `again`. */
export function interruptedAfter(
  house: House,
  ms: number,
  again: number | undefined,
  ...argv: string[]
): Promise<Told> {
  const first = new AbortController();
  const second = new AbortController();
  const { clock, started } = startedClock(house);
  void started.then(() => house.clock.sleep(ms)).then(() => first.abort());
  if (again !== undefined)
    void started.then(() => house.clock.sleep(again)).then(() => second.abort());
  const interrupts = { first: first.signal, second: second.signal };
  return house.musterWith({ clock, interrupts }, ...argv);
}

export function onlySession(house: House): LiveSession | EndedSession {
  const sessions = Object.values(house.state().sessions);
  const [session] = sessions;
  if (session === undefined || sessions.length !== 1)
    throw new Error(`there are ${sessions.length} sessions`);
  return session;
}

export function liveOne(house: House): LiveSession {
  const session = onlySession(house);
  if (session.kind !== 'live') throw new Error(`it has ended: ${session.outcome}`);
  return session;
}

/** Power of the workers' VMs, by id. */
export function powers(house: House): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.values(house.cluster.world.vms)
      .filter(({ vmid }) => vmid >= 9100)
      .map(({ vmid, power }) => [vmid, power.status]),
  );
}

/** Nothing is on, leased or half done. */
export function leftovers(house: House): readonly string[] {
  const { workers, runs } = house.state();
  return [
    ...Object.entries(powers(house)).flatMap(([vmid, power]) =>
      power === 'stopped' ? [] : [`vm ${vmid} is ${power}`],
    ),
    ...Object.entries(workers).flatMap(([name, { lease, doing }]) => [
      ...(lease === undefined ? [] : [`${name} is leased`]),
      ...(doing === undefined ? [] : [`${name} is in the middle of ${doing.action}`]),
    ]),
    ...Object.keys(runs).map((id) => `run ${id} is there`),
  ];
}
