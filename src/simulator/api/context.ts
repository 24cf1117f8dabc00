import type { Caller } from '../access.ts';
import { type NewTask, startTask } from '../tasks.ts';
import type { FaultEffect, Task, World } from '../world.ts';

export interface Ctx {
  readonly world: World;
  readonly caller: Caller;
  readonly nowMs: number;
  /** The node that the path names, else the one that was asked. */
  readonly node: string;
  /** From path, query and body; repeated values are joined by NUL. */
  readonly params: Readonly<Record<string, string>>;
  /** A scripted fault for the task that this request starts. */
  readonly taskFault: FaultEffect | undefined;
  /** Filled in when a task is started. */
  readonly started: Task[];
}

export interface Reply {
  readonly data: unknown;
  readonly total?: number;
  /** When the call itself waits: added to the usual time. */
  readonly afterMs?: number;
}

export type Handler = (ctx: Ctx) => Reply;

export function reply(data: unknown, afterMs = 0): Reply {
  return { data, afterMs };
}

export function param(ctx: Ctx, name: string): string {
  return ctx.params[name] ?? '';
}

export function flag(ctx: Ctx, name: string): boolean {
  return ctx.params[name] === '1';
}

export function list(value: string | undefined): string[] {
  return (value ?? '').split(/[,;\s\0]+/).filter((part) => part !== '');
}

/** Starts a task in the caller's name and answers with its UPID. */
export function task(
  ctx: Ctx,
  type: string,
  id: string,
  more: Pick<NewTask, 'data' | 'params' | 'locks'> & { readonly afterMs?: number } = {},
): Reply {
  const { afterMs, ...rest } = more;
  const started = startTask(ctx.world, {
    node: ctx.node,
    type,
    id,
    user: ctx.caller.auth,
    ...rest,
  });
  if (ctx.taskFault?.kind === 'fail-task') started.job.failWith = ctx.taskFault.text;
  if (ctx.taskFault?.kind === 'kill-task-worker') started.job.killed = true;
  ctx.started.push(started);
  return reply(started.upid, afterMs ?? 0);
}
