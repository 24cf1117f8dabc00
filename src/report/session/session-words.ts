import { formatDuration } from '../../model/quantity.ts';
import type { AttemptResult, Place } from '../../model/session.ts';
import type { Bound, Saving, WaitReason } from '../../model/session-plan.ts';
import { escapeTerminal } from '../escape/terminal.ts';

/** Words that several reports of sessions share; names in them are escaped. */

export function placeWords(place: Place): string {
  switch (place) {
    case 'same-node':
      return 'same node';
    case 'other-node':
      return 'other node';
    case 'no-vm':
      return '';
  }
}

/** "exit 3", "timeout": what ended it counts, the exit code only where the command chose it itself. */
export function codeWords(
  result: AttemptResult | 'not-run' | 'waiting',
  exitCode: number | undefined,
): string {
  return result === 'failed' && exitCode !== undefined ? `exit ${exitCode}` : result;
}

/** "slots", "room in pbs-main": what items wait for. */
export function waitWords(reason: WaitReason): string {
  switch (reason.kind) {
    case 'launch':
      return 'workers to be launched';
    case 'slots':
      return 'slots';
    case 'repository':
      return `room in ${escapeTerminal(reason.name)}`;
    case 'node':
      return `slots on ${escapeTerminal(reason.name)}`;
  }
}

/** What binds: "slots: all of them are busy". */
export function boundWords({ by }: Bound): string {
  switch (by.kind) {
    case 'launch':
      return 'launching the workers';
    case 'longest-item':
      return `the longest item, ${escapeTerminal(by.name)}`;
    case 'slots':
      return 'all work over all slots';
    case 'repository':
      return `the limit of ${escapeTerminal(by.name)}`;
    case 'node':
      return `the slots on ${escapeTerminal(by.name)}`;
  }
}

/** "one more slot in backup-pve1 saves 3 m". */
export function savingWords({ what, ms, lacks }: Saving): string {
  const but = {
    memory: ', but the node has no memory left for it',
    cpu: ', but the node has no CPU left for it',
  };
  const saves = `saves ${formatDuration(ms)}${lacks === undefined ? '' : but[lacks]}`;
  switch (what.kind) {
    case 'slot':
      return `one more slot in ${escapeTerminal(what.worker)} ${saves}`;
    case 'worker':
      return `one more worker on ${escapeTerminal(what.node)} ${saves}`;
    case 'repository-slot':
      return `room for one more item in ${escapeTerminal(what.name)} ${saves}`;
  }
}
