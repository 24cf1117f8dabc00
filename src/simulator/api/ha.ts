import { may } from '../access.ts';
import { failed } from '../api-error.ts';
import { sha1 } from '../sequence.ts';
import { type Handler, param, reply } from './context.ts';
import { hasQuorum } from './vm-power.ts';

export const haResources: Handler = ({ world }) =>
  reply(
    Object.values(world.ha).map((entry) => ({
      sid: entry.sid,
      type: 'vm',
      state: entry.state,
      digest: sha1(JSON.stringify(world.ha)),
    })),
  );

export const addHa: Handler = (ctx) => {
  const sid = param(ctx, 'sid');
  const name = sid.startsWith('vm:') ? sid : `vm:${sid}`;
  if (ctx.world.ha[name] !== undefined) throw failed(`resource ID '${name}' already defined`);
  ctx.world.ha[name] = { sid: name, state: ctx.params.state ?? 'started' };
  return reply(null);
};

export const removeHa: Handler = (ctx) => {
  const sid = param(ctx, 'sid');
  delete ctx.world.ha[sid.startsWith('vm:') ? sid : `vm:${sid}`];
  return reply(null);
};

export const haStatus: Handler = (ctx) => {
  const quorate = hasQuorum(ctx);
  const services = Object.values(ctx.world.ha).map((entry) => ({
    id: `service:${entry.sid}`,
    type: 'service',
    sid: entry.sid,
    state: entry.state,
    request_state: entry.state,
    node: ctx.world.vms[entry.sid.slice(3)]?.node ?? ctx.node,
    status: `${entry.sid} (${ctx.node}, ${entry.state})`,
  }));
  const modes = Object.values(ctx.world.nodes).map((node) => ({
    id: `lrm:${node.name}`,
    type: 'lrm',
    node: node.name,
    status: `${node.name} (${node.maintenance ? 'maintenance mode' : 'idle'}, simulated)`,
  }));
  const head = {
    id: 'quorum',
    type: 'quorum',
    node: ctx.node,
    quorate: quorate ? 1 : 0,
    status: quorate ? 'OK' : 'No quorum on node',
  };
  return reply(services.length === 0 ? [head] : [head, ...modes, ...services]);
};

export const replication: Handler = (ctx) =>
  reply(
    ctx.world.replication
      .filter((job) => may(ctx.world, ctx.caller, `/vms/${job.guest}`, 'VM.Audit'))
      .map((job) => ({ ...job, jobnum: 0, type: 'local' })),
  );
