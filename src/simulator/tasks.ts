import { nextNumber } from './sequence.ts';
import type { Job, Task, World } from './world.ts';

/** What a job's step came to. */
export type Step =
  | { readonly kind: 'again'; readonly inMs: number }
  /** `exit`: the task's exit status; default OK. */
  | { readonly kind: 'end'; readonly exit?: string };

export interface Run {
  readonly world: World;
  readonly task: Task;
  readonly nowMs: number;
}

/** A kind of task: what it does step by step. `task.job.stage` is 'start' until it works. */
export interface JobKind {
  readonly step: (run: Run) => Step;
  /** Takes away what was begun, when it fails or is aborted. */
  readonly cleanUp?: (run: Run) => void;
  /** What lies about when its worker is killed, besides what it wrote. */
  readonly killed?: (run: Run) => void;
  /** The exit text of an aborted one. */
  readonly aborted?: (task: Task) => string;
}

/** Ends a task with an error text. Only ever thrown by a job's step. */
export class JobFailed extends Error {}

export interface NewTask {
  readonly node: string;
  readonly type: string;
  readonly id: string;
  /** user@realm or user@realm!token */
  readonly user: string;
  readonly data?: Job['data'];
  readonly params?: Job['params'];
  readonly locks?: readonly string[];
}

/** How many ended tasks are remembered. */
const KEEP = 400;

export function startTask(world: World, wanted: NewTask): Task {
  const pid = 0x1000 + nextNumber(world);
  const node = world.nodes[wanted.node];
  const pstart = Math.max(0, Math.floor((world.nowMs - (node?.bootedMs ?? 0)) / 10));
  const hex = (value: number) => (value >>> 0).toString(16).toUpperCase().padStart(8, '0');
  const start = Math.floor(world.nowMs / 1000);
  const task: Task = {
    upid: `UPID:${wanted.node}:${hex(pid)}:${hex(pstart)}:${hex(start)}:${wanted.type}:${wanted.id}:${wanted.user}:`,
    node: wanted.node,
    type: wanted.type,
    id: wanted.id,
    user: wanted.user,
    starttimeMs: world.nowMs,
    pid,
    pstart,
    status: 'running',
    log: [],
    job: {
      kind: wanted.type,
      stage: 'start',
      data: { ...wanted.data },
      params: { ...wanted.params },
      locks: [...(wanted.locks ?? [])],
    },
    dueMs: world.nowMs + 20,
  };
  world.tasks.push(task);
  forgetOld(world);
  return task;
}

function forgetOld(world: World): void {
  if (world.tasks.length <= KEEP * 2) return;
  const running = world.tasks.filter((task) => task.status === 'running');
  const ended = world.tasks.filter((task) => task.status === 'stopped').slice(-KEEP);
  world.tasks = [...ended, ...running];
}

export function endTask(task: Task, nowMs: number, exit: string): void {
  task.status = 'stopped';
  task.exitstatus = exit;
  task.endtimeMs = nowMs;
  task.job.locks = [];
  const good = exit === 'OK' || exit.startsWith('WARNINGS');
  task.log.push(good ? `TASK ${exit}` : `TASK ERROR: ${exit}`);
}

export function again(inMs: number): Step {
  return { kind: 'again', inMs };
}

export function ended(exit?: string): Step {
  return exit === undefined ? { kind: 'end' } : { kind: 'end', exit };
}

export function findTask(world: World, upid: string): Task | undefined {
  return world.tasks.findLast((task) => task.upid === upid);
}

/** `user@realm!token` in its two halves, as task lists show it. */
export function splitUser(user: string): { user: string; tokenid?: string } {
  const [account = '', tokenid] = user.split('!');
  return tokenid === undefined ? { user: account } : { user: account, tokenid };
}
