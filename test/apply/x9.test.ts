import { it } from 'vitest';
import { applied, openSite, inject, declare, EAGER } from './site.ts';
import { writeFileSync } from 'node:fs';
const effects = {
  'do-then-drop': { kind: 'do-then-drop' },
  'drop-before': { kind: 'drop-before' },
  'no-upid': { kind: 'do-then-fail', status: 500, reason: 'got no worker upid - start worker failed' },
  'lock': { kind: 'fail', status: 500, reason: "can't lock file '/var/lock/qemu-server/lock-9100.conf' - got timeout" },
  '595': { kind: 'fail', status: 595, reason: 'No route to host' },
  'do-596': { kind: 'do-then-fail', status: 596, reason: 'Broken pipe' },
  'task-lock': { kind: 'fail-task', text: "can't lock file '/var/lock/qemu-server/lock-9100.conf' - got timeout" },
  'task-storage': { kind: 'fail-task', text: "cfs-lock 'storage-local-lvm' error: got lock request timeout" },
  'task-full': { kind: 'fail-task', text: "lvcreate: insufficient free space: 0 extents available, but 5 required" },
  'kill': { kind: 'kill-task-worker' },
} as const;

import { quickstartWorld } from '../../src/simulator/worlds.ts';
import { type House } from '../support/house.ts';
const GIB = 2 ** 30;
const base = quickstartWorld();
const world = { ...base, storages: [...base.storages, { id: 'fast', type: 'lvmthin', content: ['images'], size: 800 * GIB, used: 0 }], pools: [...(base.pools ?? []), { id: 'workers' }] };
const stages: [string, (h: House) => void, string[]][] = [
  ['test', (h) => declare(h, { w1: { ...EAGER, disk: { storage: 'local-lvm' } } }), ['apply', '--test', '--auto-approve']],
  ['update', (h) => declare(h, { w1: { ...EAGER, cpu: { cores: 3 }, disk: { size: '30GiB', storage: 'fast' }, dns: { search: 'a.example' } } }, { cluster: { endpoint: 'simulator', vmids: { from: 9100, to: 9119 }, pool: 'workers' } }), ['apply', '--auto-approve']],
  ['migrate', (h) => declare(h, { w1: { ...EAGER, node: 'pve2', cpu: { cores: 3 }, disk: { size: '30GiB', storage: 'fast' } } }), ['apply', '--auto-approve']],
  ['replace', () => undefined, ['apply', '--replace', 'w1', '--auto-approve']],
  ['destroy', () => undefined, ['destroy', '--auto-approve']],
];
it('a', async () => {
  const clean = openSite(undefined, undefined, { world });
  const out: string[] = [];
  const byStage: Record<string, { method: string; path: string; nth: number }[]> = {};
  for (const [name, prepare, argv] of stages) {
    prepare(clean);
    clean.cluster.journal();
    const t = await clean.muster(...argv);
    const writes = clean.cluster.journal().filter(({ path }) => !/agent/.test(path));
    out.push(name + ' ' + t.code + (t.code ? t.stdout + t.stderr : '') + writes.map((w) => `\n   ${w.method} ${w.path} ${JSON.stringify(w.params).slice(0, 200)}`).join(''));
    byStage[name] = writes.map((w, i) => ({ ...w, nth: writes.slice(0, i + 1).filter((x) => x.method === w.method && x.path === w.path).length }));
    const p = await clean.muster('plan', '--detailed-exitcode');
    if (p.code !== 0 && name !== 'destroy') out.push(p.stdout + p.stderr);
  }
  writeFileSync('/tmp/x9.out', out.join('\n'));
  for (const [stageIndex, [stage]] of stages.entries()) {
    if (stage === 'test') continue;
    for (const w of byStage[stage] ?? []) for (const [name, effect] of Object.entries(effects)) {
      const house = openSite(undefined, undefined, { world });
      const codes: number[] = [];
      const errs: string[] = [];
      const run = async (...argv: string[]) => { const t = await house.muster(...argv); codes.push(t.code); if (t.code !== 0) errs.push((t.stdout + t.stderr).split('\n').filter(l=>/rror|FAILED|seen|stale/.test(l)).slice(0,6).join(' | ')); };
      for (const [, prepare, argv] of stages.slice(0, stageIndex)) { if (argv[2] === '--replace') continue; prepare(house); await house.muster(...argv); }
      inject(house, w.method, `^${w.path}$`, effect, w.nth);
      const [, prepare, argv] = stages[stageIndex]!;
      prepare(house);
      await run(...argv);
      await run(...(stage === 'destroy' ? argv : ['apply', '--auto-approve']));
      if (stage !== 'destroy') await run('plan', '--detailed-exitcode');
      const vms = Object.values(house.cluster.world.vms).filter((v) => v.vmid >= 9100).map((v) => v.vmid + v.node);
      const rec = house.state().workers.w1;
      out.push(`${stage} ${w.method} ${w.path}#${w.nth} ${name}: ${codes.join(',')} vms=${vms} doing=${rec?.doing?.step ?? ''} faultsleft=${house.cluster.world.faults.length} vm=${rec?.vm?.vmid ?? ''}${rec?.vm?.node ?? ''} pools=${house.cluster.world.pools.workers?.vms}\n    ${errs.join('\n    ')}`);
      writeFileSync('/tmp/x9.out', out.join('\n'));
    }
  }
}, 900000);
