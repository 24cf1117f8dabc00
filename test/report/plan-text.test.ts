import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import { widthOf } from '../../src/report/layout.ts';
import { PLAIN, paint } from '../../src/report/paint.ts';
import { type PlanView, planText } from '../../src/report/plan/plan-text.ts';
import { changeOf, driftPlan, firstPlan, planOf, workerOf } from './plans.ts';

const VIEW: PlanView = {
  state: { where: 'muster.state.json', serial: undefined },
  verbose: false,
  paint: PLAIN,
};

function text(plan: Plan, view: Partial<PlanView> = {}): string {
  return planText(plan, { ...VIEW, ...view });
}

const FIRST = `\
Cluster  homelab: 3 nodes, PVE 9.2.11, https://pve1.example.net:8006 as muster@pve!ci
State    muster.state.json: new, nothing recorded yet

Plan: 0 to destroy, 0 to replace, 3 to configure.  No VM is made, changed or powered.

  +  backup-pve1  configure  on pve1  new  4 slots, 6 vCPU, 6 GiB, 20 GiB local-lvm, vmbr0 dhcp
  +  backup-pve2  configure  on pve2  new  4 slots, 6 vCPU, 6 GiB, 20 GiB local-lvm, vmbr0 dhcp
  +  backup-pve3  configure  on pve3  new  4 slots, 6 vCPU, 6 GiB, 20 GiB local-zfs, vmbr0 dhcp
     declared by workerSets.everywhere, muster.yaml:19

"configure" only records a worker. Its VM is deployed when a session first needs it, or now, with a
test and power off at the end: muster apply --test

Preflight  ok: template on 3 of 3 nodes
           ok: 20 GiB per node when deployed (pve2 is tightest: 187 GiB free on local-lvm)
Warning    12 slots use pbs-main, which takes 8 at once: 4 slots will wait

Next       muster apply                     plan again, ask, apply
           muster plan --out muster.plan    save it, to apply what was reviewed
`;

const DRIFTED = `\
Cluster  north: 5 nodes, 1 unreachable, PVE 9.2.11, https://pve1.example.net:8006 as muster@pve!ci
State    https://git.example.net/api/v4/projects/7/terraform/state/production: serial 41

Plan: 1 to destroy, 1 to replace, 1 to power off, 1 to change, 1 to configure.
      Held: 1 leased, 1 unreachable.  Drift on 2 workers.  5 unchanged.

  -    backup-old    destroy    on pve3  vm 9107  undeclared
                     deletes disk local-lvm:vm-9107-disk-0 (20 GiB)
                     was declared in workers/north.yaml; last used by nightly on 2026-11-20
  -/+  backup-pve2   replace    on pve2  vm 9102  declaration-changed         workers/north.yaml:14
                     image: debian-13 -> debian-13-5    rebuild: destroys the VM, then deploys anew
  o    restore-pve1  shutdown   on pve1  vm 9105  left-running
                     power: running -> off       drift
  ~    backup-pve1   update     on pve1  vm 9101  declaration-changed, drift  workers/north.yaml:3
                     memory: 6 GiB -> 8 GiB           declared; in-place
                     networks[0].vlan: none -> 120    drift, was 120 when last applied; in-place
  +    backup-pve5   configure  on pve5           new-node
                     4 slots, 6 vCPU, 6 GiB, 20 GiB local-lvm, vmbr0 dhcp
                     pve5 joined the cluster; no change of the YAML caused this
       declared by workerSets.everywhere, muster.yaml:31

  ?    backup-pve3   update     on pve3  vm 9103  held: leased by session nightly-20261122-0200
                     waiting: memory 6 GiB -> 8 GiB; expected to end at 2026-11-22 04:10 UTC
  ?    backup-pve4   none       on pve4  vm 9104  held: unreachable (595 No route to host)
                     nothing is planned for it, its record is kept

Preflight  ok: template debian-13-5 on pve2; 20 of 164 GiB free on local-lvm; privileges
Guards     ok: destroys 1 of 2 allowed, replaces 1 of 1 allowed

Saved      muster.plan   review digest 7f3a91c20be4d516
Next       muster -e production apply muster.plan              these 5 workers; leaves backup-pve3
           muster -e production apply muster.plan --wait 3h    also backup-pve3, when idle
           muster -e production show muster.plan --verbose     every attribute
`;

describe('planText', () => {
  it('shows a first plan: nothing is made, what configuring means, what to type', () => {
    expect(text(firstPlan(), { next: { program: 'muster', flags: '' } })).toBe(FIRST);
  });

  it('P11: shows the summary first, danger first, one line per worker, held ones last with the holder', () => {
    const state = {
      where: 'https://git.example.net/api/v4/projects/7/terraform/state/production',
      serial: 41,
    };
    const next = { program: 'muster -e production', flags: '', savedAs: 'muster.plan' };
    expect(text(driftPlan(), { state, next })).toBe(DRIFTED);
  });

  it('says that there is nothing to do, and then asks for no command', () => {
    const shown = text(planOf({ unchanged: 5 }), { next: { program: 'muster', flags: '' } });
    expect(shown).toContain('Plan: nothing to do.  5 unchanged.');
    expect(shown).not.toContain('Next');
  });

  it('counts tests beside deployments and says that all are powered off', () => {
    const worker = workerOf('backup-pve1', {
      actions: ['deploy', 'test'],
      reasons: ['requested'],
      vmid: 9100,
    });
    expect(text(planOf({ workers: [worker] }))).toContain(
      'Plan: 0 to destroy, 0 to replace, 1 to deploy, 1 to test.  All are powered off at the end.',
    );
  });

  it('repeats the flags of an unsaved plan in the command to type', () => {
    const next = { program: 'muster', flags: '--test --target backup-pve1' };
    expect(text(firstPlan(), { next })).toContain('muster apply --test --target backup-pve1 ');
  });

  it('names a foreign disk, however its name reads', () => {
    const frees = ['local:evil\n  +  fake  configure\u001b[2K'];
    const worker = workerOf('w', { actions: ['destroy'], reasons: ['undeclared'], frees });
    expect(text(planOf({ workers: [worker] }))).toContain(
      'deletes disk local:evil\\n + fake configure\\x1b[2K',
    );
  });

  it('shows long texts as a diff with --verbose, and as counted lines without', () => {
    const change = changeOf('cloudInit.userData', {
      before: 'packages:\n  - vim\n',
      after: 'packages:\n  - vim\n  - jq\n',
      cost: 'cloud-init-rerun',
    });
    const plan = planOf({
      workers: [
        workerOf('w', { actions: ['update'], reasons: ['declaration-changed'], changes: [change] }),
      ],
    });
    expect(text(plan)).toContain('cloudInit.userData: 1 line added, 0 removed');
    const verbose = text(plan, { verbose: true });
    expect(verbose).toMatch(/^ +@@ -1,2 \+1,3 @@$/m);
    expect(verbose).toMatch(/^ +\+ {2}- jq$/m);
  });

  it('shows a refusal as an error with its remedy, and no command to apply it', () => {
    const refusals = [
      {
        severity: 'error' as const,
        code: 'max-destroy',
        message: 'this plan destroys 3 workers, guards.maxDestroy allows 2',
        labels: [],
        remedy: 'Raise guards.maxDestroy in a change of its own.',
      },
    ];
    const shown = text(planOf({ workers: firstPlan().workers, refusals }), {
      next: { program: 'muster', flags: '' },
    });
    expect(shown).toContain('Error: this plan destroys 3 workers');
    expect(shown).toContain('Raise guards.maxDestroy');
    expect(shown).not.toContain('muster apply  ');
  });

  it('stays within 100 columns whatever the names and values are', () => {
    const long = 'x'.repeat(63);
    const worker = workerOf(`backup-${long}`, {
      actions: ['shutdown', 'update', 'test'],
      reasons: ['declaration-changed', 'drift', 'requested'],
      node: `node-${long}`,
      vmid: 999_999_999,
      declaredAt: { file: `workers/${long}/${long}.yaml`, line: 123_456, column: 1 },
      changes: [
        changeOf(`options.${long}`, {
          before: long,
          after: `${long} ${long}`,
          causes: ['drift'],
          applied: long,
        }),
        changeOf('tags', { before: ['a', long], after: [long, long, long] }),
      ],
      frees: [`${long}:vm-1-disk-0`],
    });
    const held = workerOf(`held-${long}`, {
      held: { why: 'leased', by: `${long} ${long} ${long}` },
    });
    const plan = planOf({
      cluster: { ...planOf().cluster, name: long, endpoint: `https://${long}:8006` },
      workers: [worker, held],
      findings: [{ code: 'x', worker: long, message: `${long} ${long}`, remedy: long }],
      preflight: [{ result: 'warn', code: 'x', message: `${long} ${long}`, worker: long }],
    });
    for (const verbose of [false, true]) {
      const lines = text(plan, { verbose }).split('\n');
      expect(lines.filter((line) => widthOf(line) > 100)).toEqual([]);
    }
  });

  it('says the same without colours', () => {
    const coloured = text(driftPlan(), { paint: paint(true) });
    // The escape character begins every colour code.
    const plain = coloured.replaceAll(/\u001b\[\d+m/g, '');
    expect(coloured).not.toBe(plain);
    expect(plain).toBe(text(driftPlan()));
  });
});
