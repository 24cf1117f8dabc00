import { privilegesOn } from '../access.ts';
import { invalid } from '../api-error.ts';
import { type Ctx, type Handler, reply } from './context.ts';
import { hasQuorum } from './vm-power.ts';

const LOWEST = 100;

export const version: Handler = ({ world }) =>
  reply({
    version: world.cluster.version,
    release: world.cluster.release,
    repoid: world.cluster.repoId,
  });

export const nextId: Handler = (ctx) => {
  const { vmid } = ctx.params;
  if (vmid !== undefined) {
    if (isTaken(ctx, vmid)) throw invalid({ vmid: `VM ${vmid} already exists` });
    return reply(vmid);
  }
  let free = LOWEST;
  while (isTaken(ctx, String(free))) free += 1;
  return reply(String(free));
};

function isTaken({ world }: Ctx, vmid: string): boolean {
  return world.vms[vmid] !== undefined || world.containers?.[vmid] !== undefined;
}

export const clusterStatus: Handler = (ctx) => {
  const nodes = Object.values(ctx.world.nodes);
  const rows = nodes.map((node, index) => ({
    id: `node/${node.name}`,
    type: 'node',
    name: node.name,
    ip: node.address,
    level: '',
    nodeid: nodes.length === 1 ? 0 : index + 1,
    local: node.name === ctx.node ? 1 : 0,
    online: node.status === 'online' ? 1 : 0,
  }));
  if (nodes.length === 1) return reply(rows);
  const head = {
    id: 'cluster',
    type: 'cluster',
    name: ctx.world.cluster.name,
    nodes: nodes.length,
    quorate: hasQuorum(ctx) ? 1 : 0,
    version: nodes.length,
  };
  return reply([head, ...rows]);
};

export const options: Handler = ({ world }) => reply({ ...world.options, 'allowed-tags': [] });

export const permissions: Handler = (ctx) => {
  const { world, caller, params } = ctx;
  const shown = (path: string) =>
    Object.fromEntries([...privilegesOn(world, caller, path)].map((privilege) => [privilege, 1]));
  if (params.path !== undefined) return reply({ [params.path]: shown(params.path) });
  const paths = pathsOf(ctx).filter((path) => privilegesOn(world, caller, path).size > 0);
  return reply(Object.fromEntries(paths.map((path) => [path, shown(path)])));
};

function pathsOf(ctx: Ctx): string[] {
  const fixed = ['/', '/access', '/access/groups', '/nodes', '/pool', '/sdn', '/storage', '/vms'];
  return [...new Set([...fixed, ...ctx.world.access.acls.map((acl) => acl.path)])];
}
