import type { TaskInfo } from '../model/pve-port.ts';
import {
  asMembers,
  asMembersList,
  type Members,
  numberOf,
  optional,
  requiredText,
  textOf,
} from './answer-shape.ts';

/** `GET …/tasks/UPID/status`: the exit status once the task has ended, undefined before. */
export function readExit(data: unknown): string | undefined {
  const answer = asMembers(data);
  if (requiredText(answer, 'status') !== 'stopped') return undefined;
  return textOf(answer, 'exitstatus') ?? 'unexpected status';
}

/** `GET /nodes/N/tasks?source=all`, newest first. A running task has no end time, or the status RUNNING. */
export function readTaskList(data: unknown): readonly TaskInfo[] {
  return asMembersList(data)
    .map(readTask)
    .sort((a, b) => b.startTime - a.startTime);
}

function readTask(entry: Members): TaskInfo {
  const status = textOf(entry, 'status');
  const running = numberOf(entry, 'endtime') === undefined && (status ?? 'RUNNING') === 'RUNNING';
  return {
    upid: requiredText(entry, 'upid'),
    node: textOf(entry, 'node') ?? '',
    type: textOf(entry, 'type') ?? '',
    id: textOf(entry, 'id') ?? '',
    startTime: (numberOf(entry, 'starttime') ?? 0) * 1000,
    running,
    ...optional('exitText', running ? undefined : status),
  };
}

export interface TaskLog {
  readonly lines: readonly string[];
  /** Lines in all, this part and the others. */
  readonly total: number;
}

const MAX_LINE = 500;

/**
 * `GET …/tasks/UPID/log?start=N`. Where nothing follows, Proxmox sends the one line "no content", numbered like
 * a real one; the total tells.
 */
export function readTaskLog(data: unknown, total: number | undefined, start: number): TaskLog {
  const lines = asMembersList(data).map((entry) => (textOf(entry, 't') ?? '').slice(0, MAX_LINE));
  const all = total ?? start + lines.length;
  return { lines: start >= all ? [] : lines, total: all };
}

/** "transferred 1.2 GiB of 20.0 GiB (6.03%)" as people read it; other lines as they are. */
export function progressOf(line: string): string {
  return line.trim().replace(/\((\d+)(?:\.\d+)?%\)$/, '($1 %)');
}
