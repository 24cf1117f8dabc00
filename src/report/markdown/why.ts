import { assertNever } from '../../model/assert-never.ts';
import type { Change, Cost, Held, Reason, WorkerPlan } from '../../model/plan.ts';
import { strongest } from '../../model/plan-counts.ts';
import { codeSpan } from '../escape/markdown.ts';
import { untilWords } from '../words.ts';

/** Names of attributes in one cell; more are in the fold. */
const MOST_PATHS = 3;

const COSTS: Readonly<Record<Cost, string>> = {
  record: 'record only',
  'in-place': 'in place',
  'cloud-init-rerun': 'in place; cloud-init runs again',
  'power-off': 'in place while powered off',
  'move-disk': 'moves the disk',
  migrate: 'migrates offline',
  rebuild: 'forces a rebuild',
};

/** From cheap to dear: the dearest one says what the whole update takes. */
const BY_COST: readonly Cost[] = [
  'record',
  'in-place',
  'cloud-init-rerun',
  'power-off',
  'move-disk',
  'migrate',
  'rebuild',
];

const REASONS: Readonly<Record<Reason, string>> = {
  new: 'new',
  'new-node': 'new node; **not caused by this change**',
  'declaration-changed': '',
  drift: '',
  'image-changed': 'its image was changed',
  'vm-gone': 'its VM is gone from the cluster; **not caused by this change**',
  'left-running': 'running, no session holds it',
  'run-lost': 'running, its run has died',
  interrupted: 'goes on where a run was interrupted',
  undeclared: 'undeclared',
  'node-gone': 'its node left the cluster',
  orphan: 'an orphan with the marks of this project',
  renamed: 'renamed',
  removed: 'listed under `removed`; its VM stays',
  eager: '`deploy: eager`',
  requested: 'asked for on the command line',
};

/** Why a worker is in the plan, as one cell of Markdown. */
export function whyCell(worker: WorkerPlan): string {
  if (worker.held !== undefined) return heldWords(worker.held);
  const parts = [
    ...worker.reasons.map((reason) => REASONS[reason]),
    ...(worker.from === undefined ? [] : [`was called ${codeSpan(worker.from)}; its VM stays`]),
    changeWords(worker),
    lossWords(worker),
    summaryWords(worker),
  ];
  return parts.filter((part) => part !== '').join('; ');
}

/** Why a worker waits, and until when. */
function heldWords(held: Held): string {
  const by = held.by === '' ? '' : codeSpan(held.by, 80);
  return `${heldStart(held, by)}${untilWords(held)}`;
}

function heldStart({ why }: Held, by: string): string {
  const of = by === '' ? '' : ` (${by})`;
  switch (why) {
    case 'leased':
      return by === '' ? 'leased' : `leased by ${by}`;
    case 'quarantined':
      return by === '' ? 'quarantined' : `quarantined by ${by}`;
    case 'unreachable':
      return `node does not answer${of}`;
    case 'invisible':
      return `the token does not see its VM${of}`;
    case 'locked':
    case 'ha-managed':
    case 'protected':
    case 'guard':
      return `${why}${of}`;
    default:
      return assertNever(why);
  }
}

function changeWords(worker: WorkerPlan): string {
  const { changes } = worker;
  const isNew = worker.reasons.some((reason) => reason.startsWith('new'));
  const kind = strongest(worker.actions);
  if (isNew || kind === 'shutdown' || kind === 'destroy' || changes.length === 0) return '';
  const forcing = changes.filter(({ cost }) => cost === 'rebuild');
  if (kind === 'replace' && forcing.length > 0) {
    return `${paths(forcing)} ${forcing.length === 1 ? 'forces' : 'force'} a rebuild`;
  }
  const drifted = changes.filter(({ causes }) => causes.includes('drift'));
  const declared = changes.filter(({ causes }) => !causes.includes('drift'));
  const named = [
    ...(declared.length === 0 ? [] : [paths(declared)]),
    ...(drifted.length === 0 ? [] : [`drift in ${paths(drifted)}`]),
  ].join(', and ');
  return `${named}; ${COSTS[dearest(changes)]}`;
}

function dearest(changes: readonly Change[]): Cost {
  const ranks = changes.map(({ cost }) => BY_COST.indexOf(cost));
  return BY_COST[Math.max(0, ...ranks)] ?? 'in-place';
}

function paths(changes: readonly Change[]): string {
  const shown = changes.slice(0, MOST_PATHS).map(({ path }) => codeSpan(path, 60));
  const rest = changes.length - shown.length;
  return [...shown, ...(rest > 0 ? [`${rest} more`] : [])].join(', ');
}

function lossWords(worker: WorkerPlan): string {
  const kind = strongest(worker.actions);
  if (kind !== 'destroy' && kind !== 'replace') return '';
  const { frees, lastUsed } = worker;
  const shown = frees.slice(0, MOST_PATHS).map((volume) => codeSpan(volume, 80));
  const rest = frees.length > shown.length ? [`${frees.length - shown.length} more`] : [];
  const disks = frees.length === 1 ? 'its disk' : `${frees.length} disks`;
  return [
    ...(frees.length === 0 ? [] : [`deletes ${disks} ${[...shown, ...rest].join(', ')}`]),
    ...(kind === 'destroy' && lastUsed !== undefined ? [`last used by ${codeSpan(lastUsed)}`] : []),
  ].join('; ');
}

function summaryWords({ reasons, summary }: WorkerPlan): string {
  return reasons.includes('new') && summary !== undefined ? codeSpan(summary) : '';
}
