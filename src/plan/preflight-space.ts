import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import type { PreflightLine, WorkerPlan } from '../model/plan.ts';
import { formatSize } from '../model/quantity.ts';
import type { PlanInput } from './plan-input.ts';

/** Storages that allocate only what is written: asking for more than is left may still go well. */
const THIN = new Set(['lvmthin', 'zfspool', 'rbd', 'dir', 'nfs', 'cifs', 'cephfs', 'btrfs']);

/** Is there room for the disks that these workers will have? One line per storage that is short, one for the rest. */
export function spaceChecks(
  workers: readonly WorkerPlan[],
  { inventory }: PlanInput,
): readonly PreflightLine[] {
  const wanted = new Map<string, number>();
  for (const { desired, actions, uuid } of workers) {
    const storage = desired?.spec.disk.storage;
    const makes = actions.some((action) => ['configure', 'deploy', 'replace'].includes(action));
    if (desired === undefined || storage === undefined || !makes) continue;
    // What a replace frees it takes again; a record that changes takes nothing.
    if (uuid !== undefined) continue;
    if (lookup(inventory.nodes, desired.spec.node)?.online !== true) continue;
    const facts = lookup(inventory.storages, `${desired.spec.node}/${storage}`);
    if (facts === undefined) continue;
    const key = facts.shared ? `/${storage}` : `${desired.spec.node}/${storage}`;
    wanted.set(key, (wanted.get(key) ?? 0) + desired.spec.disk.size);
  }
  const checks = [...wanted]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .flatMap(([key, bytes]) => check(key, bytes, inventory.storages));
  const short = checks.flatMap(({ line }) => line ?? []);
  const tightest = checks
    .filter(({ line }) => line === undefined)
    .reduce<(typeof checks)[number] | undefined>(
      (least, each) => (least === undefined || each.left < least.left ? each : least),
      undefined,
    );
  return tightest === undefined
    ? short
    : [...short, { result: 'ok', code: 'space', message: roomText(tightest, checks.length) }];
}

interface Check {
  readonly where: string;
  readonly bytes: number;
  readonly free: number;
  readonly left: number;
  readonly line?: PreflightLine;
}

function check(
  key: string,
  bytes: number,
  storages: PlanInput['inventory']['storages'],
): readonly Check[] {
  const [node, storage] = [key.slice(0, key.indexOf('/')), key.slice(key.indexOf('/') + 1)];
  const facts =
    node === ''
      ? Object.values(storages).find((each) => each.storage === storage && each.shared)
      : lookup(storages, key);
  // Zero is "not known", as an inactive storage answers.
  if (facts === undefined || facts.total === 0) return [];
  const where = node === '' ? storage : `${storage} of ${node}`;
  const base = { where, bytes, free: facts.available, left: facts.available - bytes };
  if (base.left >= 0) return [base];
  const thin = THIN.has(facts.type);
  const line: PreflightLine = {
    result: thin ? 'warn' : 'fail',
    code: 'space',
    message: `${where} has ${formatSize(facts.available)} free, and ${formatSize(bytes)} are asked for${thin ? '; it is thin, so this may still go well' : ''}`,
    remedy: 'Declare smaller disks, another storage, or make room.',
  };
  return [{ ...base, line }];
}

function roomText({ where, bytes, free }: Check, storages: number): string {
  const tightest = storages > 1 ? ', the tightest' : '';
  return `${formatSize(bytes)} of ${formatSize(free)} free on ${where}${tightest}`;
}
