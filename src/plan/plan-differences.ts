import { type Json, sameJson } from '../model/json.ts';
import type { ActionKind, Change, WorkerPlan } from '../model/plan.ts';
import { formatSize } from '../model/quantity.ts';

/** What would be done now and was not planned, one sentence each; none: what was planned covers it. */
export function differencesOf(planned: WorkerPlan, fresh: WorkerPlan): readonly string[] {
  return [
    ...heldDifferences(fresh),
    ...identityDifferences(planned, fresh),
    ...actionDifferences(planned, fresh),
    ...changeDifferences(planned, fresh),
    ...volumeDifferences(planned, fresh),
  ];
}

/** A hold that was planned and has been waited for is over by now: what holds still, or since then, stands. */
export function heldDifferences({ held }: WorkerPlan): readonly string[] {
  return held === undefined ? [] : [`it is held now: ${held.why}, ${held.by}`];
}

/** Planned without a look at the VM, nothing was listed: then what Muster did not make holds it instead. */
export function volumeDifferences(planned: WorkerPlan, fresh: WorkerPlan): readonly string[] {
  if (planned.frees.length === 0) return [];
  return fresh.frees
    .filter((volume) => !planned.frees.includes(volume))
    .map((volume) => `the volume ${volume} would be deleted too`);
}

function identityDifferences(planned: WorkerPlan, fresh: WorkerPlan): readonly string[] {
  if (planned.uuid === undefined || fresh.uuid === undefined || planned.uuid === fresh.uuid)
    return [];
  return [`its VM was ${planned.uuid} when this was planned and is ${fresh.uuid} now`];
}

function actionDifferences(planned: WorkerPlan, fresh: WorkerPlan): readonly string[] {
  const extra = asked(planned, fresh).filter((action) => !planned.actions.includes(action));
  return extra.map((action) => `${action} would be needed now, and was not planned`);
}

/** What only a whole plan asks for is no difference when this one was restricted to powering off. */
export function asked(planned: WorkerPlan, fresh: WorkerPlan): readonly ActionKind[] {
  const onlyOff = planned.actions.every((action) => action === 'shutdown');
  return onlyOff ? fresh.actions.filter((action) => action === 'shutdown') : fresh.actions;
}

function changeDifferences(planned: WorkerPlan, fresh: WorkerPlan): readonly string[] {
  if (planned.actions.every((action) => action === 'shutdown' || action === 'destroy')) return [];
  return fresh.changes.flatMap((change) => {
    const before = planned.changes.find(({ path }) => path === change.path);
    if (
      before !== undefined &&
      sameJson(before.before, change.before) &&
      sameJson(before.after, change.after)
    )
      return [];
    if (change.cost === 'record') return [];
    return [differenceText(change, before, fresh)];
  });
}

function differenceText(change: Change, before: Change | undefined, fresh: WorkerPlan): string {
  const vm = fresh.vmid === undefined ? '' : ` (vm ${fresh.vmid})`;
  const was = before === undefined ? change.after : before.before;
  return `${change.path} was ${text(was)} when this was planned and is ${text(change.before)} now${vm}`;
}

function text(value: Json): string {
  if (value === null) return 'unset';
  if (typeof value === 'number' && value >= 2 ** 20) return formatSize(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}
