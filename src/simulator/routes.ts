import * as accounts from './api/accounts.ts';
import { agentRoutes } from './api/agent.ts';
import * as cluster from './api/cluster.ts';
import type { Handler } from './api/context.ts';
import * as ha from './api/ha.ts';
import * as nodes from './api/nodes.ts';
import * as pools from './api/pools.ts';
import * as resources from './api/resources.ts';
import * as storage from './api/storage.ts';
import * as tasks from './api/tasks.ts';
import * as change from './api/vm-change.ts';
import * as disks from './api/vm-disks.ts';
import * as info from './api/vm-info.ts';
import * as power from './api/vm-power.ts';
import { type FullRule, moreEndpoints } from './schema/more-endpoints.ts';
import { endpoints, rules } from './schema/parameters.ts';
import type { ParameterRule } from './schema/types.ts';

const vm = '/nodes/{node}/qemu/{vmid}';
const store = '/nodes/{node}/storage/{storage}';

const handlers: Readonly<Record<string, Handler>> = {
  'GET /version': cluster.version,
  'GET /access/permissions': cluster.permissions,
  'GET /access/acl': accounts.entries,
  'GET /access/roles': accounts.roles,
  'GET /access/users': accounts.users,
  'GET /access/users/{userid}/token/{tokenid}': accounts.token,
  'POST /access/ticket': accounts.login,
  'GET /cluster/nextid': cluster.nextId,
  'GET /cluster/options': cluster.options,
  'GET /cluster/resources': resources.resources,
  'GET /cluster/status': cluster.clusterStatus,
  'GET /cluster/tasks': tasks.clusterTasks,
  'GET /cluster/replication': ha.replication,
  'GET /cluster/ha/resources': ha.haResources,
  'POST /cluster/ha/resources': ha.addHa,
  'DELETE /cluster/ha/resources/{sid}': ha.removeHa,
  'GET /cluster/ha/status/current': ha.haStatus,
  'POST /cluster/bulk-action/guest/start': power.bulkStart,
  'POST /cluster/bulk-action/guest/shutdown': power.bulkShutdown,
  'GET /nodes': resources.listNodes,
  'GET /nodes/{node}/status': nodes.nodeStatus,
  'GET /nodes/{node}/version': nodes.nodeVersion,
  'GET /nodes/{node}/time': nodes.nodeTime,
  'GET /nodes/{node}/network': nodes.networks,
  'GET /nodes/{node}/lxc': nodes.listContainers,
  'GET /nodes/{node}/lxc/{vmid}/config': nodes.missingContainer,
  'GET /nodes/{node}/capabilities/qemu/cpu': nodes.listCpuModels,
  'GET /nodes/{node}/query-url-metadata': nodes.urlMetadata,
  'GET /nodes/{node}/tasks': tasks.nodeTasks,
  'GET /nodes/{node}/tasks/{upid}/status': tasks.taskStatus,
  'GET /nodes/{node}/tasks/{upid}/log': tasks.taskLog,
  'DELETE /nodes/{node}/tasks/{upid}': tasks.stopTask,
  'GET /nodes/{node}/storage': storage.nodeStorages,
  [`GET ${store}/status`]: storage.storageStatus,
  [`GET ${store}/content`]: storage.content,
  [`GET ${store}/content/{volume}`]: storage.volumeInfo,
  [`DELETE ${store}/content/{volume}`]: storage.removeVolume,
  [`GET ${store}/import-metadata`]: storage.importMetadata,
  [`POST ${store}/download-url`]: storage.downloadUrl,
  'GET /storage': storage.storages,
  'GET /storage/{storage}': storage.storageConfig,
  'GET /pools': pools.listPools,
  'POST /pools': pools.createPool,
  'PUT /pools': pools.updatePool,
  'DELETE /pools': pools.deletePool,
  'GET /pools/{poolid}': pools.getPool,
  'PUT /pools/{poolid}': pools.updatePool,
  'DELETE /pools/{poolid}': pools.deletePool,
  'GET /nodes/{node}/qemu': info.listVms,
  'POST /nodes/{node}/qemu': change.createVm,
  [`DELETE ${vm}`]: change.destroyVm,
  [`GET ${vm}/config`]: info.getConfig,
  [`PUT ${vm}/config`]: change.putConfig,
  [`POST ${vm}/config`]: change.postConfig,
  [`GET ${vm}/pending`]: info.getPending,
  [`GET ${vm}/status/current`]: info.getStatus,
  [`POST ${vm}/status/start`]: power.start,
  [`POST ${vm}/status/stop`]: power.stop,
  [`POST ${vm}/status/shutdown`]: power.shutdown,
  [`POST ${vm}/status/reboot`]: power.reboot,
  [`POST ${vm}/status/reset`]: power.reset,
  [`POST ${vm}/status/suspend`]: power.suspend,
  [`POST ${vm}/status/resume`]: power.resume,
  [`POST ${vm}/clone`]: change.cloneVm,
  [`PUT ${vm}/resize`]: disks.resize,
  [`POST ${vm}/move_disk`]: disks.moveDisk,
  [`GET ${vm}/migrate`]: disks.migrationPreconditions,
  [`POST ${vm}/migrate`]: disks.migrate,
  [`POST ${vm}/template`]: disks.makeTemplate,
  [`GET ${vm}/snapshot`]: info.getSnapshots,
  [`POST ${vm}/snapshot`]: disks.takeSnapshot,
  [`DELETE ${vm}/snapshot/{snapname}`]: disks.dropSnapshot,
  [`POST ${vm}/snapshot/{snapname}/rollback`]: disks.rollBack,
  [`PUT ${vm}/unlink`]: change.unlink,
  [`GET ${vm}/cloudinit`]: info.getCloudInit,
  [`PUT ${vm}/cloudinit`]: change.regenerateCloudInit,
  [`GET ${vm}/cloudinit/dump`]: info.dumpCloudInit,
  [`GET ${vm}/feature`]: info.getFeature,
  ...agentRoutes,
};

export interface Route {
  readonly handler: Handler;
  readonly rule: FullRule;
  /** From the path. */
  readonly params: Readonly<Record<string, string>>;
  readonly ruleOf: (name: string) => ParameterRule | undefined;
}

interface Entry {
  readonly method: string;
  readonly parts: readonly string[];
  readonly handler: Handler;
  readonly rule: FullRule;
}

const table: readonly Entry[] = Object.entries(handlers).map(([key, handler]) => {
  const [method = '', path = ''] = key.split(' ');
  return { method, parts: path.slice(1).split('/'), handler, rule: ruleFor(key) };
});

function ruleFor(key: string): FullRule {
  const own = moreEndpoints[key];
  if (own !== undefined) return own;
  const declared = endpoints[key];
  if (declared === undefined) throw new Error(`no rule for ${key}`);
  const parameters: Record<string, ParameterRule> = {};
  for (const [name, index] of Object.entries(declared.parameters))
    parameters[name] = rules[index] ?? {};
  return { ...declared, parameters };
}

/** path: decoded part by part. The last placeholder may hold slashes (volume names do). */
export function findRoute(method: string, parts: readonly string[]): Route | undefined {
  for (const entry of table) {
    if (entry.method !== method) continue;
    const params = match(entry.parts, parts);
    if (params === undefined) continue;
    const { parameters } = entry.rule;
    return {
      handler: entry.handler,
      rule: entry.rule,
      params,
      ruleOf: (name) => parameters[name] ?? indexed(parameters, name),
    };
  }
  return undefined;
}

/** PVE knows so many of each device. */
const most: Readonly<Record<string, number>> = {
  'net[n]': 32,
  'ipconfig[n]': 32,
  'scsi[n]': 31,
  'virtio[n]': 16,
  'sata[n]': 6,
  'ide[n]': 4,
  'serial[n]': 4,
  'unused[n]': 256,
};

function indexed(
  parameters: Readonly<Record<string, ParameterRule>>,
  name: string,
): ParameterRule | undefined {
  const found = /^(.*?)(\d+)$/.exec(name);
  if (!found) return undefined;
  const key = `${found[1]}[n]`;
  return Number(found[2]) < (most[key] ?? 16) ? parameters[key] : undefined;
}

function match(
  template: readonly string[],
  parts: readonly string[],
): Record<string, string> | undefined {
  const params: Record<string, string> = {};
  const last = template.length - 1;
  if (parts.length < template.length) return undefined;
  for (const [index, wanted] of template.entries()) {
    const name = /^\{(\w+)\}$/.exec(wanted)?.[1];
    const isVolume = name === 'volume' && index === last;
    const part = isVolume ? parts.slice(index).join('/') : parts[index];
    if (part === undefined || part === '') return undefined;
    if (name !== undefined) params[name] = part;
    else if (part !== wanted) return undefined;
    if (isVolume) return params;
  }
  return parts.length === template.length ? params : undefined;
}
