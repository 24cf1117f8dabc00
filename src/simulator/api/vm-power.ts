import { isRoot } from '../access.ts';
import { ApiError, failed, invalid } from '../api-error.ts';
import { isRunning, needVm } from '../vm/config.ts';
import { type Ctx, flag, type Handler, list, param, type Reply, task } from './context.ts';

function checkSkipLock(ctx: Ctx): void {
  if (flag(ctx, 'skiplock') && !isRoot(ctx.caller)) {
    throw invalid({ skiplock: 'Only root may use this option.' });
  }
}

function timeout(ctx: Ctx): Record<string, number> {
  const { timeout: seconds } = ctx.params;
  return seconds === undefined ? {} : { timeoutMs: Number(seconds) * 1000 };
}

/** An HA-managed machine is started and stopped by the manager: the request is only queued. */
function managed(ctx: Ctx): boolean {
  return ctx.world.ha[`vm:${param(ctx, 'vmid')}`] !== undefined;
}

/** These only fail in their task, even for a machine that isn't there. */
function powerTask(type: string, ha?: string): Handler {
  return (ctx): Reply => {
    checkSkipLock(ctx);
    checkQuorumFor(ctx, type);
    const data = {
      ...timeout(ctx),
      skiplock: flag(ctx, 'skiplock'),
      force: flag(ctx, 'forceStop'),
      overrule: flag(ctx, 'overrule-shutdown'),
    };
    return task(ctx, ha !== undefined && managed(ctx) ? ha : type, param(ctx, 'vmid'), { data });
  };
}

function checkQuorumFor(ctx: Ctx, type: string): void {
  if (type === 'qmstart') needQuorum(ctx);
}

export function hasQuorum(ctx: Pick<Ctx, 'world'>): boolean {
  const nodes = Object.values(ctx.world.nodes);
  return nodes.filter((node) => node.status === 'online').length * 2 > nodes.length;
}

/** Whatever writes under /etc/pve fails without quorum. */
export function needQuorum(ctx: Pick<Ctx, 'world'>): void {
  if (!hasQuorum(ctx)) throw new ApiError(500, 'cluster not ready - no quorum?');
}

export const start = powerTask('qmstart', 'hastart');
export const stop = powerTask('qmstop', 'hastop');
export const shutdown = powerTask('qmshutdown', 'hastop');

function onRunning(type: string): Handler {
  return (ctx) => {
    checkSkipLock(ctx);
    const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
    if (!isRunning(vm)) throw failed(`VM ${vm.vmid} not running`);
    return task(ctx, type, param(ctx, 'vmid'), { data: timeout(ctx) });
  };
}

export const reboot = onRunning('qmreboot');
export const reset = onRunning('qmreset');
export const suspend = onRunning('qmpause');
export const resume = onRunning('qmresume');

function bulk(type: string): Handler {
  return (ctx) => {
    const wanted = list(ctx.params.vms);
    const all = Object.values(ctx.world.vms)
      .filter((vm) => vm.config.template !== '1')
      .map((vm) => String(vm.vmid));
    const vms = ctx.params.vms === undefined ? all : wanted;
    return task(ctx, type, '', { data: { vms: vms.join(','), ...timeout(ctx) } });
  };
}

export const bulkStart = bulk('bulk-start');
export const bulkShutdown = bulk('bulk-shutdown');
