import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { changeSummaryMessage } from '../../src/report/progress/plan-messages.ts';
import { gitlabReport } from '../../src/report/terraform/gitlab-report.ts';
import { terraformPlan } from '../../src/report/terraform/plan-json.ts';
import { withValue } from '../../src/report/terraform/with-value.ts';
import { driftPlan, firstPlan, planOf, workerOf } from './plans.ts';
import { SCENARIOS, savedOf } from './scenarios.ts';

interface ResourceChange {
  readonly address: string;
  readonly type: string;
  readonly change: {
    readonly actions: string[];
    readonly before: unknown;
    readonly after: unknown;
  };
}

function changesOf(plan: Plan): readonly ResourceChange[] {
  return (JSON.parse(terraformPlan(savedOf(plan))) as { resource_changes: ResourceChange[] })
    .resource_changes;
}

describe('the plan in the format of Terraform', () => {
  it('W2: says of each worker what a policy asks: actions, before, after', () => {
    const actions = changesOf(driftPlan()).map(({ address, change }) => [address, change.actions]);
    expect(Object.fromEntries(actions)).toEqual({
      'muster_worker.backup-old': ['delete'],
      'muster_worker.backup-pve1': ['update'],
      'muster_worker.backup-pve2': ['delete', 'create'],
      'muster_worker.backup-pve3': ['no-op'],
      'muster_worker.backup-pve4': ['no-op'],
      'muster_worker.backup-pve5': ['create'],
      'muster_worker.restore-pve1': ['update'],
    });
    const updated = changesOf(driftPlan()).find(({ address }) => address.endsWith('backup-pve1'));
    expect(updated?.change).toMatchObject({
      before: { memory: 6 * 2 ** 30, networks: [{}] },
      after: { memory: 8 * 2 ** 30, networks: [{ vlan: 120 }] },
    });
  });

  it('leaves out what is not there: no before of a new one, no after of a destroyed one', () => {
    for (const { change } of changesOf(firstPlan())) expect(change.before).toBeNull();
    const old = changesOf(driftPlan()).find(({ address }) => address.endsWith('backup-old'));
    expect(old?.change.after).toBeNull();
  });

  it('of a held worker has after as it is before', () => {
    const held = changesOf(driftPlan()).find(({ address }) => address.endsWith('backup-pve3'));
    expect(held?.change.after).toEqual(held?.change.before);
  });

  it.each(Object.entries(SCENARIOS))('%s has the members of format 1.2', (_, plan) => {
    const document: unknown = JSON.parse(terraformPlan(savedOf(plan())));
    expect(document).toMatchObject({
      format_version: '1.2',
      planned_values: { root_module: { resources: expect.any(Array) } },
      resource_changes: expect.any(Array),
      configuration: { root_module: {} },
      timestamp: '2026-11-22T02:14:00Z',
    });
    for (const { type } of changesOf(plan())) expect(type).toBe('muster_worker');
  });

  it('names what forces a replace, the former address of a renamed one, and the version of the format', () => {
    const replaced = changesOf(driftPlan()).find(({ address }) => address.endsWith('backup-pve2'));
    expect(replaced).toMatchObject({ change: { replace_paths: [['image']] } });
    const [plan] = [SCENARIOS['rename-adopt-forget']?.() ?? planOf()];
    const renamed = changesOf(plan).find(({ address }) => address.endsWith('bkp-pve1'));
    expect(renamed).toMatchObject({ previous_address: 'muster_worker.backup-pve1' });
    expect(JSON.parse(terraformPlan(savedOf(plan)))).toMatchObject({ terraform_version: '1.8.0' });
  });

  it('creates a worker that is new, also where its VM is deployed and tested at once', () => {
    const worker = workerOf('a', {
      actions: ['configure', 'deploy', 'test'],
      reasons: ['new', 'requested'],
    });
    const [change] = changesOf(planOf({ workers: [worker] }));
    expect(change?.change).toMatchObject({ actions: ['create'], before: null });
    expect(gitlabReport(planOf({ workers: [worker] }))).toBe(
      '{"create":1,"update":0,"delete":0}\n',
    );
  });

  it('errs when the plan is refused, and is incomplete when something is held', () => {
    const document = (name: string): unknown =>
      JSON.parse(terraformPlan(savedOf(SCENARIOS[name]?.() ?? planOf())));
    expect(document('refused-by-guard')).toMatchObject({ errored: true, applyable: false });
    expect(document('all-held')).toMatchObject({ errored: false, complete: false });
    expect(document('first-plan')).toMatchObject({ applyable: true, complete: true });
  });
});

describe('the counts', () => {
  it('for GitLab are three members and no other', () => {
    expect(gitlabReport(driftPlan())).toBe('{"create":2,"update":2,"delete":2}\n');
    expect(gitlabReport(planOf())).toBe('{"create":0,"update":0,"delete":0}\n');
  });

  it('count a configured worker that only changes as an update', () => {
    const plan = planOf({ workers: [workerOf('a', { reasons: ['declaration-changed'] })] });
    expect(gitlabReport(plan)).toBe('{"create":0,"update":1,"delete":0}\n');
  });

  it.each(Object.entries(SCENARIOS))('of %s are those of the event stream', (_, plan) => {
    const { changes } = changeSummaryMessage(plan());
    const {
      create,
      update,
      delete: removed,
    } = JSON.parse(gitlabReport(plan())) as Record<string, number>;
    expect(changes).toMatchObject({ add: create, change: update, remove: removed });
  });
});

describe('withValue', () => {
  it.each([
    ['memory', 8, { memory: 8 }],
    ['cpu.cores', 2, { cpu: { type: 'host', cores: 2 } }],
    ['networks[0].vlan', 5, { networks: [{ bridge: 'vmbr0', vlan: 5 }] }],
    ['networks[1].bridge', 'b', { networks: [{ bridge: 'vmbr0' }, { bridge: 'b' }] }],
    ['networks[0]', null, { networks: [] }],
    ['networks[7].bridge', 'b', {}],
    ['cpu', null, {}],
    ['__proto__.x', 1, {}],
  ])('sets %s', (path, value, expected) => {
    const start = { cpu: { type: 'host' }, networks: [{ bridge: 'vmbr0' }] };
    const changed = withValue(start, path, value);
    expect(changed).toMatchObject(expected);
    if (path === 'cpu') expect(changed).not.toHaveProperty('cpu');
    expect(Object.getPrototypeOf(changed)).toBe(Object.prototype);
  });
});
