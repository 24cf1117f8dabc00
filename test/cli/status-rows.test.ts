import { describe, expect, it } from 'vitest';
import { statusRows } from '../../src/cli/status-rows.ts';
import {
  emptyState,
  type RunRecord,
  type State,
  type WorkerRecord,
} from '../../src/model/state.ts';
import { PLAIN } from '../../src/report/paint.ts';
import { statusTable } from '../../src/report/status-text.ts';
import { openHouse } from '../support/house.ts';
import { TWO_WORKERS } from './project.ts';

const NOW = 1_000_000;

async function applied(): Promise<State> {
  const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });
  await house.muster('apply', '-auto-approve');
  return house.state();
}

function run(kind: RunRecord['kind']): RunRecord {
  return { id: 'r', kind, who: 'ci@runner', host: 'runner', pid: 1, beat: NOW, startedAt: NOW };
}

describe('statusRows', () => {
  it.each([
    ['Configured', {}, undefined],
    ['Shut Down', { vm: true }, undefined],
    ['Testing', { doing: 'deploy' }, 'apply'],
    ['Testing', { vm: true, doing: 'test' }, 'apply'],
    ['Working', { vm: true }, 'session'],
    ['Shut Down', { vm: true, doing: 'destroy' }, 'apply'],
    ['Shut Down', { vm: true, doing: 'test' }, 'expired'],
  ] as const)('says %s of a worker with %j and the run %s', async (status, has, holder) => {
    const state = await applied();
    const base = state.workers['backup-pve1'];
    if (base === undefined) throw new Error('the worker was not recorded');
    const record: WorkerRecord = {
      ...base,
      ...('vm' in has ? { vm: { vmid: 9100, node: 'pve1', uuid: 'u' } } : {}),
      ...('doing' in has ? { doing: { run: 'r', action: has.doing, step: 's', plan: 'p' } } : {}),
      ...(holder === undefined ? {} : { lease: { run: 'r', fence: 1 } }),
    };
    const now = holder === 'expired' ? NOW + 3_600_000 : NOW;
    const runs = holder === undefined ? {} : { r: run(holder === 'session' ? 'session' : 'apply') };
    const leased = { ...state, runs, workers: { 'backup-pve1': record } };
    const [row] = statusRows({ state: leased, desired: [], findings: [], now });
    expect(row?.status).toBe(status);
    expect(row?.lease !== undefined).toBe(holder === 'apply' || holder === 'session');
  });

  it('shows a quarantine with its end, and none that has run out', async () => {
    const state = await applied();
    const base = state.workers['backup-pve1'];
    if (base === undefined) throw new Error('the worker was not recorded');
    const quarantine = { note: 'noisy disk', by: 'ann', at: NOW, until: NOW + 60_000 };
    const marked = { ...state, workers: { 'backup-pve1': { ...base, quarantine } } };
    const at = (now: number) => statusRows({ state: marked, desired: [], findings: [], now });
    expect(statusTable(at(NOW), PLAIN).join('\n').replace(/\s+/g, ' ')).toContain(
      'quarantined until 1970-01-01 00:17 UTC: noisy disk',
    );
    expect(at(NOW + 60_000)[0]?.quarantine).toBeUndefined();
  });

  it('P9: lists what is declared but not applied, and the findings of each worker', async () => {
    const { workers } = await applied();
    const declared = workers['backup-pve2']?.declared;
    if (declared === undefined) throw new Error('the worker was not recorded');
    const desired = { name: 'new', spec: declared, declaredAt: { file: 'f', line: 1, column: 1 } };
    const finding = { code: 'stale-image', worker: 'new', message: 'm' };
    const sources = {
      state: emptyState('l', 'p', ''),
      desired: [desired],
      findings: [finding],
      now: NOW,
    };
    expect(statusRows(sources)).toMatchObject([
      {
        worker: 'new',
        status: 'Configured',
        node: 'pve2',
        findings: ['not applied yet', 'stale-image'],
      },
    ]);
  });
});
