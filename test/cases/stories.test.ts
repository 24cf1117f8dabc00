import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { compare } from './golden.ts';
import { essenceOf, readStory, toldHouse } from './story.ts';

const ROOT = import.meta.dirname;
const names = readdirSync(ROOT).filter((name) => existsSync(join(ROOT, name, 'story.json')));

describe.each(names)('%s', (name) => {
  const folder = join(ROOT, name);

  test('what happened gives the plan that was read by a person, in three formats, and its apply the state', async () => {
    const { argv = [], planExit = 0, exit } = readStory(folder);
    const house = await toldHouse(folder);
    const said = async (...more: string[]) => {
      const { code, stdout, stderr } = await house.muster('plan', ...argv, ...more);
      expect(code, stderr).toBe(planExit);
      return stdout;
    };
    compare(join(folder, 'golden/plan.txt'), await said('--verbose'));
    const { plan } = JSON.parse(await said('--format', 'json')) as { plan: Plan };
    compare(join(folder, 'golden/plan.json'), `${JSON.stringify(plan, null, 2)}\n`);
    compare(join(folder, 'golden/plan.md'), await said('--format', 'markdown'));
    const applied = await house.muster('apply', '--auto-approve', ...argv);
    expect(applied.code, applied.stdout + applied.stderr).toBe(exit);
    const after = JSON.stringify(essenceOf(house.state()), null, 2);
    compare(join(folder, 'golden/after.json'), `${after}\n`);
  }, 120_000);
});

/** The table of design section 6: what is planned in each situation. */
const ROWS: Readonly<Record<string, (worker: Plan['workers'][number], plan: Plan) => boolean>> = {
  'declared, unknown to state': ({ actions, reasons }) =>
    actions.join() === 'configure' && reasons.join() === 'new',
  'the same, eager': ({ actions, reasons }) =>
    actions.join() === 'configure,deploy' && reasons.includes('eager'),
  'the same, with --test': ({ actions, reasons }) =>
    actions.join() === 'configure,deploy,test' && reasons.includes('requested'),
  'the same, on a node that joined': ({ reasons }) => reasons.includes('new-node'),
  'declaration changed, no VM': ({ actions, reasons, vmid }) =>
    actions.join() === 'configure' && reasons.includes('declaration-changed') && vmid === undefined,
  'fields without a PVE side changed': ({ actions, changes, vmid }) =>
    actions.join() === 'configure' &&
    vmid !== undefined &&
    changes.every(({ cost }) => cost === 'record'),
  'VM differs from desired: declaration': ({ actions, reasons }) =>
    actions.includes('update') && reasons.join() === 'declaration-changed',
  'VM differs from desired: drift': ({ actions, reasons }) =>
    actions.includes('update') && reasons.join() === 'drift',
  'VM differs from desired: both': ({ actions, reasons }) =>
    actions.includes('update') && reasons.join() === 'declaration-changed,drift',
  'VM differs from desired: not in place': ({ actions, changes }) =>
    actions.includes('replace') && changes.some(({ cost }) => cost === 'rebuild'),
  'image changed: replaced': ({ actions, reasons }) =>
    actions.includes('replace') && reasons.includes('image-changed'),
  'image changed: left as it is': (_, { findings }) =>
    findings.some(({ code, message }) => code === 'stale-image' && /onImageChange/.test(message)),
  'image changed: one per node at a time': (_, { findings }) =>
    findings.some(({ code, message }) => code === 'stale-image' && /one worker per/.test(message)),
  'node changed: migrated': ({ actions, changes }) =>
    actions.includes('update') && changes.some(({ cost }) => cost === 'migrate'),
  'node changed: replaced': ({ actions, changes }) =>
    actions.includes('replace') && changes.some(({ path }) => path === 'node'),
  'recorded VM is gone': ({ actions, reasons }) =>
    actions.join() === 'configure' && reasons.includes('vm-gone'),
  'recorded VM is gone, eager': ({ actions, reasons }) =>
    actions.join() === 'deploy' && reasons.includes('vm-gone'),
  'running without a lease': ({ actions, reasons }) =>
    actions.includes('shutdown') && reasons.includes('left-running'),
  'running, its run is dead': ({ actions, reasons }) =>
    actions.includes('shutdown') && reasons.includes('run-lost'),
  'doing without a live run': ({ actions, reasons }) =>
    actions.includes('deploy') && reasons.includes('interrupted'),
  'not declared any more': ({ actions, reasons, frees }) =>
    actions.includes('destroy') && reasons.includes('undeclared') && frees.length > 0,
  'its node left the cluster': ({ actions, reasons }) =>
    actions.join() === 'forget' && reasons.includes('node-gone'),
  'under renamed': ({ actions, reasons }) =>
    actions.includes('rename') && reasons.includes('renamed'),
  'under removed': ({ actions, reasons }) =>
    actions.join() === 'forget' && reasons.includes('removed'),
  'ours by all marks, declared': ({ actions, reasons }) =>
    actions.includes('adopt') && reasons.includes('orphan'),
  'ours by all marks, not declared': (_, { findings }) =>
    findings.some(({ code }) => code === 'orphan'),
  'ours by all marks, not declared, --prune': ({ actions, reasons }) =>
    actions.includes('destroy') && reasons.includes('orphan'),
  'vmid taken by a foreign VM': ({ actions }, { findings }) =>
    actions.includes('deploy') && findings.some(({ code }) => code === 'recycled-vmid'),
};

const REASONS = [
  'new',
  'new-node',
  'declaration-changed',
  'drift',
  'image-changed',
  'vm-gone',
  'left-running',
  'run-lost',
  'interrupted',
  'undeclared',
  'node-gone',
  'orphan',
  'renamed',
  'removed',
  'eager',
  'requested',
] as const satisfies readonly Plan['workers'][number]['reasons'][number][];

const HELD = [
  'unreachable',
  'invisible',
  'leased',
  'locked',
  'ha-managed',
  'protected',
  'guard',
  'quarantined',
] as const;

describe('the golden cases', () => {
  const plans = readdirSync(ROOT)
    .map((name) => join(ROOT, name, 'golden/plan.json'))
    .filter((file) => existsSync(file))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as Plan);
  const workers = plans.flatMap((plan) => plan.workers.map((worker) => ({ worker, plan })));

  test.each(Object.entries(ROWS))('show the row "%s" of the table', (_, isRow) => {
    expect(workers.some(({ worker, plan }) => isRow(worker, plan))).toBe(true);
  });

  test.each(REASONS)('show the reason %s', (reason) => {
    expect(workers.some(({ worker }) => worker.reasons.includes(reason))).toBe(true);
  });

  test.each(HELD)('show what is held because it is %s', (why) => {
    expect(workers.some(({ worker }) => worker.held?.why === why)).toBe(true);
  });

  /** The unions of the source are the lists above: a new reason needs a case. */
  test('show every reason and every hold that there is', () => {
    const source = readFileSync(new URL('../../src/model/plan.ts', import.meta.url), 'utf8');
    expect(membersOf(source, 'Reason')).toEqual([...REASONS].sort());
    expect(membersOf(source, 'HeldWhy')).toEqual([...HELD].sort());
  });
});

function membersOf(source: string, type: string): readonly string[] {
  const union = new RegExp(`export type ${type} =([^;]*);`).exec(source)?.[1] ?? '';
  return [...union.matchAll(/'([^']+)'/g)].map(([, member = '']) => member).sort();
}
