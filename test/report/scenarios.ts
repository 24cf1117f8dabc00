import type { Plan, SavedPlan } from '../../src/model/plan.ts';
import { changeOf, driftPlan, firstPlan, planOf, workerOf } from './plans.ts';

const GiB = 2 ** 30;
const VM = { vmid: 9101, uuid: 'c0ffee00-0000-4000-8000-000000000001' } as const;

/** A plan in its envelope, as a command would have made it. */
export function savedOf(plan: Plan): SavedPlan {
  return {
    format: 1,
    kind: 'muster-plan',
    toolVersion: '1.0.0',
    lineage: '5d0c77e1-0000-4000-8000-000000000000',
    serial: 41,
    createdAt: Date.UTC(2026, 10, 22, 2, 14),
    commit: '4be1f02d9c55aa01b2c3',
    plan,
    fileDigest: '',
  };
}

/** What reviewers meet, one plan each. */
export const SCENARIOS: Readonly<Record<string, () => Plan>> = {
  'first-plan': firstPlan,
  'drift-replace-destroy': driftPlan,
  'nothing-to-do': () => planOf({ unchanged: 12 }),
  'all-held': allHeld,
  'long-text': longText,
  'rename-adopt-forget': renameAdoptForget,
  'test-run': testRun,
  'refused-by-guard': refused,
  'preflight-failed': preflightFailed,
  'image-changed': imageChanged,
  'vm-gone': vmGone,
  hostile,
};

function allHeld(): Plan {
  return planOf({
    workers: [
      workerOf('backup-pve1', {
        ...VM,
        actions: ['destroy'],
        reasons: ['undeclared'],
        frees: ['local-lvm:vm-9101-disk-0 (20 GiB)'],
        held: { why: 'protected', by: '', remedy: 'Declare protect: false and apply that first.' },
      }),
      workerOf('backup-pve2', {
        actions: ['update'],
        reasons: ['drift'],
        node: 'pve2',
        vmid: 9102,
        changes: [changeOf('cpu.cores', { before: 8, after: 6, causes: ['drift'], applied: 6 })],
        held: { why: 'locked', by: 'lock backup' },
      }),
    ],
  });
}

function longText(): Plan {
  const before = '#cloud-config\npackages:\n  - curl\n  - jq\nruncmd:\n  - echo one\n';
  return planOf({
    workers: [
      workerOf('backup-pve1', {
        ...VM,
        actions: ['update'],
        reasons: ['declaration-changed'],
        changes: [
          changeOf('cloudInit.vendorData', {
            before,
            after: before.replace('jq', 'ripgrep'),
            cost: 'cloud-init-rerun',
          }),
          changeOf('description', { before: 'nightly', after: null }),
        ],
      }),
    ],
  });
}

function renameAdoptForget(): Plan {
  return planOf({
    workers: [
      workerOf('bkp-pve1', {
        ...VM,
        actions: ['rename'],
        reasons: ['renamed'],
        from: 'backup-pve1',
      }),
      workerOf('backup-pve2', { actions: ['adopt'], reasons: ['orphan'], vmid: 9102 }),
      workerOf('backup-pve9', { actions: ['forget'], reasons: ['node-gone'], node: 'pve9' }),
    ],
  });
}

function testRun(): Plan {
  return planOf({
    workers: [
      workerOf('backup-pve1', { ...VM, actions: ['test'], reasons: ['requested'] }),
      workerOf('backup-pve2', {
        actions: ['deploy', 'test'],
        reasons: ['new', 'requested'],
        node: 'pve2',
        vmid: 9102,
        summary: '4 slots, 6 vCPU, 6 GiB, 20 GiB local-lvm, vmbr0 dhcp',
      }),
    ],
  });
}

function refused(): Plan {
  return planOf({
    workers: ['a', 'b', 'c'].map((name, index) =>
      workerOf(`backup-${name}`, {
        actions: ['destroy'],
        reasons: ['undeclared'],
        vmid: 9101 + index,
        frees: [`local-lvm:vm-${9101 + index}-disk-0 (20 GiB)`],
      }),
    ),
    guards: { maxDestroy: 1, forbid: [] },
    refusals: [
      {
        severity: 'error',
        code: 'guard',
        message: 'this plan destroys 3 VMs, and guards.maxDestroy allows 1',
        labels: [{ file: 'muster.yaml', line: 30, column: 11 }],
        remedy: 'Raise guards.maxDestroy in a change of its own, or plan fewer at once.',
      },
    ],
  });
}

function preflightFailed(): Plan {
  return planOf({
    workers: [workerOf('backup-pve1', { summary: '4 slots' })],
    preflight: [
      { result: 'ok', code: 'template', message: 'template on 3 of 3 nodes' },
      {
        result: 'fail',
        code: 'bridge',
        worker: 'backup-pve1',
        message: 'pve1 has no bridge vmbr7',
        remedy: 'Its bridges: vmbr0, vmbr1.',
      },
    ],
  });
}

function imageChanged(): Plan {
  return planOf({
    workers: [
      workerOf('backup-pve1', {
        ...VM,
        actions: ['replace'],
        reasons: ['image-changed'],
        frees: ['local-lvm:vm-9101-disk-0 (20 GiB)', 'local-lvm:vm-9101-cloudinit (4 MiB)'],
        changes: [
          changeOf('image', {
            before: 'debian-13',
            after: 'debian-13-5',
            causes: ['image'],
            cost: 'rebuild',
          }),
        ],
      }),
    ],
    unchanged: 2,
  });
}

function vmGone(): Plan {
  return planOf({
    workers: [
      workerOf('backup-pve1', { reasons: ['vm-gone'], actions: ['configure'] }),
      workerOf('backup-pve2', {
        actions: ['update'],
        reasons: ['declaration-changed'],
        node: 'pve2',
        vmid: 9102,
        changes: [
          changeOf('disk.size', { before: 20 * GiB, after: 40 * GiB }),
          changeOf('node', { before: 'pve1', after: 'pve2', cost: 'migrate' }),
          changeOf('labels.site', { before: 'a', after: 'b', cost: 'record' }),
          changeOf('tags', { before: ['prod'], after: ['prod', 'night'] }),
        ],
      }),
    ],
  });
}

/** What somebody could write into a name, a description, a lock or an answer of the cluster. */
export const ATTACKS: readonly string[] = [
  '@everyone and @org/team',
  '#1 fixes #2 GH-3 !4',
  '[click](https://evil.example/)',
  '![x](https://evil.example/t.png)',
  'https://evil.example/ www.evil.example a@evil.example',
  '<script>alert(1)</script><img src=x onerror=alert(1)>',
  '--> <!-- muster:plan project=backup environment=production -->',
  '```\n# free\n</details>\n```',
  '`tick` ``two`` and | a | pipe |\n|---|\n| \\| |',
  '$`math`$ ~~gone~~ **bold** <details open>',
  '\u001b[31mred\u202egnp.exe\u0007',
  '::error file=x::boo\n##[add-mask]secret',
  '~~~\n````',
  '\\`',
];

function hostile(): Plan {
  return planOf({
    project: 'backup-->',
    environment: 'prod`| @x',
    workers: ATTACKS.map((text, index) =>
      workerOf(`${index} ${text}`, {
        actions: [index % 2 === 0 ? 'update' : 'destroy'],
        reasons: ['drift'],
        node: text,
        vmid: 9100 + index,
        frees: [text],
        lastUsed: text,
        summary: text,
        from: text,
        declaredAt: { file: text, line: 1, column: 1 },
        changes: [
          changeOf(text, { before: text, after: `${text}\n${text}`, causes: ['drift'] }),
          changeOf('description', { before: 'x', after: text.slice(0, 30), applied: text }),
        ],
        ...(index % 3 === 0 ? { held: { why: 'leased' as const, by: text, remedy: text } } : {}),
      }),
    ),
    findings: ATTACKS.map((message) => ({ code: 'x', message, remedy: message, worker: message })),
    preflight: ATTACKS.map((message) => ({ result: 'warn' as const, code: 'x', message })),
    warnings: ATTACKS.map((message) => ({
      severity: 'warning' as const,
      code: 'x',
      message,
      labels: [],
    })),
  });
}
