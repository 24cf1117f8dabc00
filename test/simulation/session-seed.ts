import type { ItemOutcome, SessionResult } from '../../src/model/session-result.ts';
import { type House, openHouse, type Told } from '../support/house.ts';
import { outOfOrder } from './in-order.ts';
import { type CaseSize, type SessionCase, sessionCase } from './session-case.ts';
import { drawTroubles, type Trouble, type Troublemaker, troublemaker } from './trouble.ts';
import { recordsOf } from './truth.ts';
import { type Witness, witness } from './witness.ts';

/** What a seed showed: everything that must not be, and what happened for those who look into it. */
export interface Verdict {
  readonly seed: number;
  readonly wrong: readonly string[];
  readonly story: readonly string[];
}

export interface SeedOptions {
  readonly size: CaseSize;
  /** Without: nothing goes wrong but what items do by themselves. */
  readonly troubles: boolean;
}

const MINUTE = 60_000;
/** About as many as a small session makes. */
const REQUESTS = 400;

interface Stage {
  readonly house: House;
  readonly scene: SessionCase;
  readonly seen: Witness;
  readonly trouble: Troublemaker;
  readonly story: string[];
}

/**
 * One session from its seed: it runs, perhaps with troubles and perhaps killed; what can be mended is mended,
 * one plain apply follows, and then everything must be in order.
 */
export async function sessionSeed(seed: number, options: SeedOptions): Promise<Verdict> {
  const scene = sessionCase(seed, options.size);
  const { draw } = scene;
  const troubles: readonly Trouble[] = options.troubles ? drawTroubles(draw, 4, REQUESTS) : [];
  const stage = setStage(scene, troubles);
  const { house, seen, trouble, story } = stage;
  const command = ['apply', '--with-session', 'work', '--json'];
  const isKilled = options.troubles && draw.chance(0.4);
  const when = draw.pick(['before', 'after'] as const);
  const death = { atEffect: draw.between(1, REQUESTS), when };
  const told = isKilled
    ? await house.musterKilled(death, ...command)
    : await house.muster(...command);
  story.push(told === undefined ? `killed ${when} effect ${death.atEffect}` : `exit ${told.code}`);
  if (told !== undefined) checkResult(stage, told, options.troubles);
  if (told === undefined && draw.chance(0.6)) await goOn(stage, draw.pick([11, 45]) * MINUTE);
  await settle(stage, draw.pick([12, 45, 200]) * MINUTE);
  for (const wrong of outOfOrder(house)) seen.accuse(wrong);
  await house.muster('plan', '--detailed-exitcode').then((plan) => {
    if (plan.code !== 0) seen.accuse(`the plan afterwards: exit ${plan.code}\n${plan.stdout}`);
  });
  return { seed, wrong: seen.wrong, story: [...story, ...trouble.done] };
}

function setStage(scene: SessionCase, troubles: readonly Trouble[]): Stage {
  const seen = witness(scene);
  const trouble = troublemaker(troubles);
  const cluster = () => house.cluster;
  const house: House = openHouse({
    seed: scene.seed,
    world: scene.world,
    files: { 'muster.yaml': JSON.stringify(scene.declaration) },
    intercept: (transport) => trouble.through(seen.watch(transport, cluster), cluster),
    inMemory: (next, before) => {
      const expected = (before?.serial ?? 0) + 1;
      if (next.serial !== expected)
        seen.accuse(`serial ${next.serial} was written after ${expected - 1}`);
    },
  });
  return { house, scene, seen, trouble, story: [] };
}

/** Another machine goes on with the session, when it was begun. */
async function goOn(stage: Stage, laterMs: number): Promise<void> {
  const { house, story } = stage;
  await house.clock.sleep(laterMs);
  const live = Object.values(house.hasState() ? house.state().sessions : {}).find(
    ({ kind }) => kind === 'live',
  );
  if (live === undefined) return;
  const told = await house.muster('sessions', 'resume', live.id, '--json');
  story.push(`resumed after ${laterMs / MINUTE} min: exit ${told.code}`);
  checkResult(stage, told, true);
}

/** Machines come back, time passes, and plain applies follow until one has nothing left to wait for. */
async function settle({ house, seen, trouble, story }: Stage, laterMs: number): Promise<void> {
  await house.clock.sleep(laterMs);
  trouble.mend(house.cluster);
  const told = await house.muster('apply', '--auto-approve', '--wait', '2h');
  story.push(`apply: exit ${told.code}`);
  if (told.code !== 0)
    seen.accuse(`the apply afterwards: exit ${told.code}\n${told.stdout}${told.stderr}`);
}

function checkResult(stage: Stage, told: Told, hadTroubles: boolean): void {
  const { seen, story } = stage;
  if (told.stderr.includes('    at ')) seen.accuse(`a stack trace:\n${told.stderr}`);
  const result = resultOf(told);
  if (result === undefined) {
    story.push(told.stderr || told.stdout.slice(-1500));
    if (![1, 4, 6].includes(told.code))
      seen.accuse(`exit ${told.code} without a result\n${told.stderr}`);
    return;
  }
  for (const item of result.items) checkItem(stage, result, item, hadTroubles);
  const isOk = result.items.every((item) => item.result === 'ok');
  const isGuarded = result.broken !== undefined && told.code === 6;
  const code = result.leftRunning.length > 0 ? 5 : isOk ? 0 : 8;
  if (told.code !== code && !isGuarded)
    seen.accuse(`exit ${told.code}, all items ok: ${isOk}\n${told.stderr}`);
  if (!hadTroubles && result.leftRunning.length > 0)
    seen.accuse(`left running: ${result.leftRunning.join(', ')}`);
}

/** The record says what happened in the guests. */
function checkItem(
  { house, seen, trouble }: Stage,
  { id }: SessionResult,
  { item, result, attempts }: ItemOutcome,
  hadTroubles: boolean,
): void {
  let successes = 0;
  for (const [index, attempt] of attempts.entries()) {
    const records = recordsOf(house.cluster, id, item, index + 1);
    const what = `item ${item}, attempt ${index + 1}`;
    if (records.length > 1) seen.accuse(`${what} was started in ${records.length} workers`);
    const [record] = records;
    const mayBeLost = record === undefined ? hadTroubles : trouble.hit.has(record.vmid);
    if (record?.exitCode === 0 && !(mayBeLost && attempt.exitCode === undefined)) successes += 1;
    if (attempt.exitCode === record?.exitCode || (mayBeLost && attempt.exitCode === undefined))
      continue;
    seen.accuse(
      `${what}: recorded exit ${attempt.exitCode}, in the guest ${JSON.stringify(record)}`,
    );
  }
  const beyond = recordsOf(house.cluster, id, item, attempts.length + 1);
  if (beyond.length > 0) seen.accuse(`item ${item} had an attempt that is not recorded`);
  if (successes > 1) seen.accuse(`item ${item} succeeded ${successes} times`);
  if ((result === 'ok') !== (attempts.at(-1)?.exitCode === 0))
    seen.accuse(`item ${item} is ${result}, exit ${attempts.at(-1)?.exitCode}`);
}

function resultOf({ stdout }: Told): SessionResult | undefined {
  for (const line of stdout.trim().split('\n')) {
    if (!line.includes('"session_result"')) continue;
    const message = JSON.parse(line) as { readonly result: SessionResult };
    return message.result;
  }
  return undefined;
}
