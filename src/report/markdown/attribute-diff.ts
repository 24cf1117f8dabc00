import type { Change, WorkerPlan } from '../../model/plan.ts';
import { strongest } from '../../model/plan-counts.ts';
import { column } from '../escape/markdown.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { clip } from '../layout.ts';
import { formatLocation } from '../place.ts';
import { textDiff } from '../plan/text-diff.ts';
import { asText, isLong, valueText } from '../plan/value-text.ts';
import { CAUSES } from '../words.ts';

const WIDTH = 120;
/** Where the remark behind a value begins. */
const REMARK = 40;

/** Attributes of one worker as lines of a diff block; none when nothing that can be compared changes. */
export function attributeDiff(worker: WorkerPlan): readonly string[] {
  const isNew = worker.reasons.some((reason) => reason.startsWith('new'));
  const kind = strongest(worker.actions);
  if (isNew || kind === 'destroy' || kind === 'shutdown' || worker.changes.length === 0) return [];
  return [headOf(worker), ...worker.changes.flatMap((change) => changeLines(change, worker))];
}

function headOf({ worker, declaredAt, actions, held }: WorkerPlan): string {
  const place = declaredAt === undefined ? '' : `${formatLocation(declaredAt)}   `;
  const words = actions.join(', ');
  return clip(
    `# ${escapeTerminal(worker)}   ${place}${words}${held === undefined ? '' : ', held'}`,
    WIDTH,
  );
}

function changeLines(change: Change, worker: WorkerPlan): readonly string[] {
  const path = escapeTerminal(change.path);
  const remark = `# ${remarkOf(change, worker)}`;
  if (isLong(change.before) || isLong(change.after)) {
    const diff = textDiff(asText(change.before), asText(change.after), WIDTH);
    return [`! ${column(`${path}:`, REMARK - 1)}${remark}`, ...diff];
  }
  const before = clip(valueText(change.path, change.before), WIDTH);
  const after = clip(valueText(change.path, change.after), WIDTH);
  if (worker.held !== undefined) {
    return [`! ${column(`${path}: ${before} -> ${after}`, REMARK - 1)}${remark}`];
  }
  return [`- ${path}: ${before}`, `+ ${column(`${path}: ${after}`, REMARK - 1)}${remark}`];
}

function remarkOf({ causes, cost }: Change, { held }: WorkerPlan): string {
  const words = causes.map((cause) => CAUSES[cause]);
  const takes = cost === 'rebuild' ? 'forces the rebuild' : cost;
  const waits =
    held === undefined ? [] : [held.why === 'leased' ? 'waits for the session' : 'waits'];
  return [...words, ...(held === undefined ? [takes] : waits)].join(', ');
}
