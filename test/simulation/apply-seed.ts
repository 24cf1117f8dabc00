import { deleteVm, editConfig, powerOn } from '../../src/simulator/by-hand.ts';
import { largeWorld } from '../../src/simulator/worlds.ts';
import { type House, openHouse } from '../support/house.ts';
import { declarationOf, firstFleet, type NextFleet, nextFleet } from './apply-case.ts';
import { type Draw, drawing } from './draw.ts';
import { outOfOrder } from './in-order.ts';
import type { Verdict } from './session-seed.ts';
import { drawTroubles, type Troublemaker, troublemaker } from './trouble.ts';
import { isWorker, type Witness, witness } from './witness.ts';

const STEPS = 4;
/** An image change replaces one worker of a node at a time. */
const MOST_APPLIES = 5;

/**
 * A declaration that people edit step by step, while others edit VMs by hand, things go wrong and runs are killed:
 * after each step some applies later there is nothing left to do, and everything is in order.
 */
export async function applySeed(seed: number, withTroubles: boolean): Promise<Verdict> {
  const draw = drawing(seed);
  const nodes = draw.between(1, 4);
  const seen = witness({ slotsOf: () => 99, repositories: {} });
  const story: string[] = [];
  const trouble = troublemaker(withTroubles ? drawTroubles(draw, 3, 300) : []);
  const house = openSeeded(seed, nodes, seen, trouble);
  let next: NextFleet = { fleet: firstFleet(draw, nodes), renamed: {}, what: 'first' };
  for (let step = 0; step < STEPS && seen.wrong.length === 0; step += 1) {
    house.write('muster.yaml', declarationOf(next));
    const byHand = step > 0 && draw.chance(0.4) ? handEdit(house, draw) : '';
    const how = await applyOnce(house, draw, withTroubles);
    story.push(`${next.what}; ${byHand} ${how}`);
    if (step === STEPS - 1) trouble.mend(house.cluster);
    // Asked when a round is over: trouble may come in the middle of one.
    const isCalm = () => step === STEPS - 1 || trouble.done.length === 0;
    await converge(house, seen, isCalm, story);
    next = nextFleet(draw, next.fleet, nodes, step);
  }
  return { seed, wrong: seen.wrong, story: [...story, ...trouble.done] };
}

function openSeeded(seed: number, nodes: number, seen: Witness, trouble: Troublemaker): House {
  const cluster = () => house.cluster;
  const house: House = openHouse({
    seed,
    world: { ...largeWorld(nodes, 2), seed },
    intercept: (transport) => trouble.through(seen.watch(transport, cluster), cluster),
    inMemory: (state, before) => {
      const expected = (before?.serial ?? 0) + 1;
      if (state.serial !== expected) seen.accuse(`serial ${state.serial} after ${expected - 1}`);
    },
  });
  return house;
}

async function applyOnce(house: House, draw: Draw, withTroubles: boolean): Promise<string> {
  const command = ['apply', '--auto-approve', ...(draw.chance(0.2) ? ['--test'] : [])];
  if (!withTroubles || draw.chance(0.6))
    return `${command.join(' ')}: exit ${(await house.muster(...command)).code}`;
  const death = { atEffect: draw.between(1, 90), when: draw.pick(['before', 'after'] as const) };
  const told = await house.musterKilled(death, ...command);
  await house.clock.sleep(3 * 60_000);
  return `${command.join(' ')}: ${told === undefined ? `killed ${death.when} ${death.atEffect}` : `exit ${told.code}`}`;
}

async function converge(
  house: House,
  seen: Witness,
  isCalm: () => boolean,
  story: string[],
): Promise<void> {
  for (let round = 0; round < MOST_APPLIES; round += 1) {
    const told = await house.muster('apply', '--auto-approve');
    story.push(`exit ${told.code}`);
    if (told.stdout.includes('    at ') || told.stderr.includes('    at '))
      seen.accuse(`a stack trace:\n${told.stdout}${told.stderr}`);
    const plan = await house.muster('plan', '--detailed-exitcode');
    if (plan.code === 0) {
      if (isCalm()) for (const wrong of outOfOrder(house)) seen.accuse(wrong);
      return;
    }
    if (round === MOST_APPLIES - 1 && isCalm())
      seen.accuse(`never empty:\n${told.stdout}${told.stderr}\n${plan.stdout}${plan.stderr}`);
    await house.clock.sleep(60_000);
  }
}

/**
 * What somebody does in the portal, not to a VM in the making: until its first config write a clone bears nothing
 * but its card, and without that it is nobody's.
 */
function handEdit({ cluster: { world } }: House, draw: Draw): string {
  const vms = Object.values(world.vms).filter(
    (vm) => isWorker(vm) && vm.power.status === 'stopped' && vm.config.smbios1?.includes('serial='),
  );
  if (vms.length === 0) return '';
  const { vmid } = draw.pick(vms);
  const what = draw.pick(['memory', 'tags', 'onboot', 'description', 'delete', 'start'] as const);
  if (what === 'delete') deleteVm(world, vmid);
  else if (what === 'start') powerOn(world, vmid);
  else
    editConfig(world, vmid, {
      [what]: { memory: '1234', tags: 'mine', onboot: '1', description: 'hello' }[what],
    });
  return `by hand: ${what} ${vmid};`;
}
