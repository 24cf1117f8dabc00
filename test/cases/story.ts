import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunRecord, State } from '../../src/model/state.ts';
import * as byHand from '../../src/simulator/by-hand.ts';
import type { World } from '../../src/simulator/world.ts';
import { type House, openHouse, type Told } from '../support/house.ts';

/** How a scenario came to be: commands, and what people and accidents did to the cluster. */
export interface Story {
  /** Declared when the story begins; muster.yaml is what is planned in the end. */
  readonly before: string;
  readonly steps: readonly Step[];
  /** Flags of the plan, and of the apply after it. */
  readonly argv?: readonly string[];
  /** How that plan ends; 0 unless it breaks a guard. */
  readonly planExit?: number;
  /** How that apply ends. */
  readonly exit: number;
  /** What `--json` tells is golden too (streams.test.ts). */
  readonly streams?: boolean;
}

/** `["muster", …]`, or a deed of DEEDS with its arguments. */
type Step = readonly (string | number)[];

export function readStory(folder: string): Story {
  return JSON.parse(readFileSync(join(folder, 'story.json'), 'utf8')) as Story;
}

/** Tells the story up to where its plan is made. Throws when a command fails that is no part of what goes wrong. */
export async function toldHouse(folder: string): Promise<House> {
  const { before, steps } = readStory(folder);
  const house = openHouse();
  house.write('muster.yaml', readFileSync(join(folder, before), 'utf8'));
  for (const [deed = '', ...args] of steps) {
    const act = DEEDS[deed];
    if (act === undefined) throw new Error(`nobody knows how to ${deed}`);
    await act(house, args.map(String));
  }
  house.write('muster.yaml', readFileSync(join(folder, 'muster.yaml'), 'utf8'));
  return house;
}

/** What a state says of its workers that does not depend on when things happened. */
export function essenceOf({ workers }: State): unknown {
  return Object.fromEntries(
    Object.entries(workers).map(([name, { vm, image, protect, observed, declaredIn, doing }]) => [
      name,
      {
        ...(vm === undefined ? {} : { vmid: vm.vmid, node: vm.node }),
        declaredIn,
        protect,
        ...(image === undefined ? {} : { image }),
        ...(doing === undefined ? {} : { doing: `${doing.action} ${doing.step}` }),
        ...(observed === undefined
          ? {}
          : { cores: observed['cpu.cores'], memory: observed.memory, drives: observed.drives }),
      },
    ]),
  );
}

type Deed = (house: House, args: readonly string[]) => Promise<unknown> | unknown;

const world = ({ cluster }: House): World => cluster.world;

const DEEDS: Readonly<Record<string, Deed>> = {
  muster: async (house, argv) => requireDone(await house.muster(...argv)),
  killed: (house, [effect = '', ...argv]) =>
    house.musterKilled({ atEffect: Number(effect), when: 'after' }, ...argv),
  sleep: (house, [minutes = '']) => house.clock.sleep(Number(minutes) * 60_000),
  'delete-vm': (house, [vmid = '']) => byHand.deleteVm(world(house), Number(vmid)),
  'add-vm': (house, [vmid = '', node = '']) => byHand.addVm(world(house), Number(vmid), node),
  'clone-vm': (house, [vmid = '', copy = '']) =>
    byHand.cloneVm(world(house), Number(vmid), Number(copy)),
  'restore-vm': (house, [vmid = '', copy = '']) =>
    byHand.restoreVm(world(house), Number(vmid), Number(copy)),
  'power-on': (house, [vmid = '']) => byHand.powerOn(world(house), Number(vmid)),
  'edit-config': (house, [vmid = '', key = '', value = '']) =>
    byHand.editConfig(world(house), Number(vmid), { [key]: value }),
  'lock-vm': (house, [vmid = '', lock = '']) => byHand.lockVm(world(house), Number(vmid), lock),
  'lose-node': (house, [node = '']) => byHand.loseNode(world(house), node),
  'remove-node': (house, [node = '']) => removeNode(world(house), node),
  'manage-by-ha': (house, [vmid = '']) => {
    world(house).ha[`vm:${vmid}`] = { sid: `vm:${vmid}`, state: 'stopped' };
  },
  'hide-vm': (house, [vmid = '']) => {
    const acl = { path: `/vms/${vmid}`, who: 'muster@pve', role: 'NoAccess', propagate: true };
    world(house).access.acls.push(acl);
  },
  'lease-to-session': (house, [worker = '']) => lease(house, worker, 'nightly', house.clock.now()),
  'lease-to-the-dead': (house, [worker = '']) =>
    lease(house, worker, 'lost', house.clock.now() - 60 * 60_000),
  'fail-clone': (house, [node = '', text = '']) =>
    house.cluster.inject({
      match: { method: 'POST', path: `^/nodes/${node}/qemu/\\d+/clone$` },
      effect: { kind: 'fail-task', text },
    }),
  'forget-record': (house, [worker = '']) => {
    const { [worker]: _, ...workers } = house.state().workers;
    write(house, { ...house.state(), workers });
  },
};

function requireDone(told: Told): void {
  if (told.code !== 0) throw new Error(`exit ${told.code}: ${told.stdout}${told.stderr}`);
}

function removeNode(cluster: World, node: string): void {
  for (const vm of Object.values(cluster.vms))
    if (vm.node === node) byHand.deleteVm(cluster, vm.vmid);
  delete cluster.nodes[node];
}

/** A session of another machine holds that worker; its last beat was then. */
function lease(house: House, worker: string, session: string, beat: number): void {
  const state = house.state();
  const record = state.workers[worker];
  if (record === undefined) throw new Error(`there is no worker ${worker}`);
  const run: RunRecord = {
    id: session,
    kind: 'session',
    session,
    who: 'ann',
    host: 'desk',
    pid: 1,
    beat,
    startedAt: beat,
  };
  const fence = (record.fence ?? 0) + 1;
  const leased = { ...record, fence, lease: { run: session, fence } };
  write(house, {
    ...state,
    runs: { ...state.runs, [session]: run },
    workers: { ...state.workers, [worker]: leased },
  });
}

function write(house: House, state: State): void {
  house.write('muster.state.json', JSON.stringify(state));
}
