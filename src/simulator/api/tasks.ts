import { type Caller, demand, may } from '../access.ts';
import { invalid } from '../api-error.ts';
import { abortTask } from '../engine.ts';
import { findTask, splitUser } from '../tasks.ts';
import type { Task, World } from '../world.ts';
import { type Ctx, flag, type Handler, param, reply } from './context.ts';

const UPID = /^UPID:[^:]+:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:[^:]+:[^:]*:[^:]+:$/;
const ABORT_MS = 2000;

function needTask(ctx: Ctx): Task {
  const upid = param(ctx, 'upid');
  if (!UPID.test(upid)) throw invalid({ upid: 'unable to parse worker upid' });
  const task = findTask(ctx.world, upid);
  if (task === undefined || task.node !== ctx.node) throw invalid({ upid: 'no such task' });
  demandTask(ctx, task);
  return task;
}

/** One's own tasks, and with Sys.Audit on the node everybody's. */
function demandTask(ctx: Ctx, task: Task): void {
  if (!owns(ctx.caller, task)) demand(ctx.world, ctx.caller, `/nodes/${ctx.node}`, ['Sys.Audit']);
}

function owns(caller: Caller, task: Task): boolean {
  return (
    task.user === caller.auth ||
    (caller.tokenId === undefined && splitUser(task.user).user === caller.user)
  );
}

export const taskStatus: Handler = (ctx) => {
  const task = needTask(ctx);
  return reply({
    upid: task.upid,
    node: task.node,
    pid: task.pid,
    pstart: task.pstart,
    starttime: Math.floor(task.starttimeMs / 1000),
    type: task.type,
    id: task.id,
    ...splitUser(task.user),
    status: task.status,
    ...(task.exitstatus === undefined ? {} : { exitstatus: task.exitstatus }),
  });
};

export const taskLog: Handler = (ctx) => {
  const upid = param(ctx, 'upid');
  if (!UPID.test(upid)) throw invalid({ upid: 'unable to parse worker upid' });
  const task = findTask(ctx.world, upid);
  if (task === undefined) {
    const line = { n: 1, t: 'unable to open file - No such file or directory' };
    return { data: [line], total: 1 };
  }
  demandTask(ctx, task);
  const start = Number(ctx.params.start ?? '0');
  const limit = Number(ctx.params.limit ?? '50');
  const lines = task.log.map((text, index) => ({ n: index + 1, t: text }));
  const shown = limit === 0 ? lines.slice(start) : lines.slice(start, start + limit);
  return { data: shown.length === 0 ? [{ n: 1, t: 'no content' }] : shown, total: lines.length };
};

export const stopTask: Handler = (ctx) => {
  const upid = param(ctx, 'upid');
  if (!UPID.test(upid)) throw invalid({ upid: 'unable to parse worker upid' });
  const task = findTask(ctx.world, upid);
  if (task === undefined || !owns(ctx.caller, task)) {
    demand(ctx.world, ctx.caller, `/nodes/${ctx.node}`, ['Sys.Modify']);
  }
  if (task?.status !== 'running') return reply(null);
  abortTask(ctx.world, task, ctx.nowMs);
  return reply(null, ABORT_MS);
};

function row(task: Task, running: string | undefined): Record<string, unknown> {
  const base = {
    upid: task.upid,
    node: task.node,
    pid: task.pid,
    pstart: task.pstart,
    starttime: Math.floor(task.starttimeMs / 1000),
    type: task.type,
    id: task.id,
    ...splitUser(task.user),
  };
  if (task.endtimeMs === undefined)
    return running === undefined ? base : { ...base, status: running };
  return { ...base, endtime: Math.floor(task.endtimeMs / 1000), status: task.exitstatus };
}

function visible(world: World, caller: Caller, task: Task): boolean {
  return owns(caller, task) || may(world, caller, `/nodes/${task.node}`, 'Sys.Audit');
}

export const nodeTasks: Handler = (ctx) => {
  const { params, world } = ctx;
  const source = params.source ?? 'archive';
  const vm =
    params.vmid === undefined ? undefined : new RegExp(`^${params.vmid}$|^${params.vmid}@`);
  const found = world.tasks
    .filter((task) => task.node === ctx.node && visible(world, ctx.caller, task))
    .filter((task) => source === 'all' || (task.status === 'running') === (source === 'active'))
    .filter((task) => vm === undefined || vm.test(task.id))
    .filter((task) => params.typefilter === undefined || task.type === params.typefilter)
    .filter((task) => params.userfilter === undefined || task.user.includes(params.userfilter))
    .filter((task) => params.since === undefined || task.starttimeMs >= Number(params.since) * 1000)
    .filter((task) => params.until === undefined || task.starttimeMs <= Number(params.until) * 1000)
    .filter((task) => !flag(ctx, 'errors') || (task.exitstatus ?? 'OK') !== 'OK')
    .toReversed();
  const start = Number(params.start ?? '0');
  const shown = found.slice(start, start + Number(params.limit ?? '50'));
  return { data: shown.map((task) => row(task, 'RUNNING')), total: found.length };
};

export const clusterTasks: Handler = (ctx) => {
  const found = ctx.world.tasks
    .filter((task) => visible(ctx.world, ctx.caller, task))
    .toReversed()
    .slice(0, 100);
  return reply(
    found.map((task) => {
      const { pid, pstart: _, ...rest } = row(task, undefined);
      return task.endtimeMs === undefined ? { ...rest, pid } : { ...rest, saved: '1' };
    }),
  );
};
