import { demand, may } from '../access.ts';
import { failed } from '../api-error.ts';
import type { Pool } from '../world.ts';
import { type Ctx, flag, type Handler, list, param, reply } from './context.ts';
import { visibleVmRows } from './resources.ts';
import { needQuorum } from './vm-power.ts';

function brief(pool: Pool): Record<string, unknown> {
  return { poolid: pool.id, ...(pool.comment === '' ? {} : { comment: pool.comment }) };
}

function full(ctx: Ctx, pool: Pool): Record<string, unknown> {
  const members = visibleVmRows(ctx, (vm) => pool.vms.includes(vm.vmid)).map(
    ({ pool: _pool, ...row }) => row,
  );
  return { ...brief(pool), members };
}

function needPool(ctx: Ctx, prefix = ''): Pool {
  const id = param(ctx, 'poolid');
  const pool = ctx.world.pools[id];
  if (pool === undefined) throw failed(`${prefix}pool '${id}' does not exist`);
  return pool;
}

export const listPools: Handler = (ctx) => {
  if (ctx.params.poolid !== undefined) {
    demand(ctx.world, ctx.caller, `/pool/${ctx.params.poolid}`, ['Pool.Audit']);
    return reply([full(ctx, needPool(ctx))]);
  }
  const seen = Object.values(ctx.world.pools).filter(
    (pool) =>
      may(ctx.world, ctx.caller, `/pool/${pool.id}`, 'Pool.Audit') ||
      may(ctx.world, ctx.caller, `/pool/${pool.id}`, 'Pool.Allocate'),
  );
  return reply(seen.map(brief));
};

export const getPool: Handler = (ctx) => {
  const { poolid: _id, ...rest } = full(ctx, needPool(ctx));
  return reply({ poolid: param(ctx, 'poolid'), ...rest });
};

export const createPool: Handler = (ctx) => {
  needQuorum(ctx);
  const id = param(ctx, 'poolid');
  if (ctx.world.pools[id] !== undefined) {
    throw failed(`create pool failed: pool '${id}' already exists`);
  }
  ctx.world.pools[id] = { id, comment: ctx.params.comment ?? '', vms: [], storages: [] };
  return reply(null, 40);
};

export const updatePool: Handler = (ctx) => {
  needQuorum(ctx);
  const prefix = 'update pools failed: ';
  const pool = needPool(ctx, prefix);
  if (ctx.params.comment !== undefined) pool.comment = ctx.params.comment;
  const vms = list(ctx.params.vms).map(Number);
  const storages = list(ctx.params.storage);
  if (flag(ctx, 'delete')) {
    pool.vms = pool.vms.filter((id) => !vms.includes(id));
    pool.storages = pool.storages.filter((id) => !storages.includes(id));
    return reply(null, 40);
  }
  for (const vmid of vms) join(ctx, pool, vmid, prefix);
  pool.storages = [...new Set([...pool.storages, ...storages])];
  return reply(null, 40);
};

function join(ctx: Ctx, pool: Pool, vmid: number, prefix: string): void {
  demand(ctx.world, ctx.caller, `/vms/${vmid}`, ['VM.Allocate']);
  const other = Object.values(ctx.world.pools).find((entry) => entry.vms.includes(vmid));
  if (other !== undefined && other !== pool) {
    if (!flag(ctx, 'allow-move')) {
      throw failed(
        `${prefix}VM ${vmid} belongs already to pool '${other.id}' and 'allow-move' is not set`,
      );
    }
    other.vms = other.vms.filter((id) => id !== vmid);
  }
  if (!pool.vms.includes(vmid)) pool.vms.push(vmid);
}

export const deletePool: Handler = (ctx) => {
  needQuorum(ctx);
  const prefix = 'delete pool failed: ';
  const pool = needPool(ctx, prefix);
  const [member] = pool.vms;
  if (member !== undefined) {
    throw failed(`${prefix}pool '${pool.id}' is not empty (contains VM ${member})`);
  }
  delete ctx.world.pools[pool.id];
  return reply(null, 40);
};
