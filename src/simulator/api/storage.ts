import { demand, privilegesOn } from '../access.ts';
import { failed, invalid } from '../api-error.ts';
import { sha1 } from '../sequence.ts';
import {
  filePath,
  findVolume,
  isOnNode,
  totalBytes,
  usedBytes,
  writtenBytes,
} from '../vm/volumes.ts';
import type { SimStorage, Volume } from '../world.ts';
import { type Ctx, flag, type Handler, list, param, reply, task } from './context.ts';

function usage(ctx: Ctx, storage: SimStorage): Record<string, unknown> {
  const works = storage.enabled && storage.broken === undefined;
  const total = works ? totalBytes(storage, ctx.node) : 0;
  const used = works ? Math.floor(usedBytes(ctx.world, storage, ctx.node)) : 0;
  return {
    type: storage.type,
    content: storage.content.join(','),
    shared: storage.shared ? 1 : 0,
    enabled: storage.enabled ? 1 : 0,
    active: works ? 1 : 0,
    total,
    used,
    avail: Math.max(0, total - used),
  };
}

function mayAudit(ctx: Ctx, id: string): boolean {
  const held = privilegesOn(ctx.world, ctx.caller, `/storage/${id}`);
  return held.has('Datastore.Audit') || held.has('Datastore.AllocateSpace');
}

export const nodeStorages: Handler = (ctx) => {
  const content = list(ctx.params.content);
  const target = ctx.params.target;
  const found = Object.values(ctx.world.storages)
    .filter((storage) => isOnNode(storage, ctx.node) && mayAudit(ctx, storage.id))
    .filter((storage) => ctx.params.storage === undefined || storage.id === ctx.params.storage)
    .filter(
      (storage) => content.length === 0 || content.some((kind) => storage.content.includes(kind)),
    )
    .filter((storage) => !flag(ctx, 'enabled') || storage.enabled)
    .filter((storage) => target === undefined || isOnNode(storage, target));
  return reply(
    found.map((storage) => {
      const figures = usage(ctx, storage);
      const total = Number(figures.total);
      return {
        storage: storage.id,
        ...figures,
        ...(total > 0 ? { used_fraction: Number(figures.used) / total } : {}),
      };
    }),
  );
};

export const storageStatus: Handler = (ctx) => {
  const storage = ctx.world.storages[param(ctx, 'storage')];
  if (storage === undefined || !isOnNode(storage, ctx.node)) {
    throw invalid({ storage: 'No such storage.' });
  }
  return reply(usage(ctx, storage));
};

function needStorage(ctx: Ctx): SimStorage {
  const id = param(ctx, 'storage');
  const storage = ctx.world.storages[id];
  if (storage === undefined) throw failed(`storage '${id}' does not exist`);
  if (!storage.enabled) throw failed(`storage '${id}' is disabled`);
  if (!isOnNode(storage, ctx.node)) {
    throw failed(`storage '${id}' is not available on node '${ctx.node}'`);
  }
  return storage;
}

export const content: Handler = (ctx) => {
  const storage = needStorage(ctx);
  if (storage.broken !== undefined) throw failed(storage.broken);
  const { params } = ctx;
  const found = Object.values(ctx.world.volumes)
    .filter((volume) => volume.storage === storage.id)
    .filter((volume) => volume.node === null || volume.node === ctx.node)
    .filter((volume) => params.content === undefined || volume.content === params.content)
    .filter(
      (volume) =>
        params.vmid === undefined ||
        volume.vmid === undefined ||
        volume.vmid === Number(params.vmid),
    )
    .filter((volume) => mayAccess(ctx, volume));
  return reply(found.map((volume) => row(ctx, volume)));
};

/** Images are for those who may change their VM's disks; snippets for the storage's owner only. */
function mayAccess({ world, caller }: Ctx, { storage, content, vmid }: Volume): boolean {
  const held = privilegesOn(world, caller, `/storage/${storage}`);
  if (held.has('Datastore.Allocate')) return true;
  const ofVm = vmid === undefined ? new Set() : privilegesOn(world, caller, `/vms/${vmid}`);
  switch (content) {
    case 'iso':
    case 'vztmpl':
    case 'import':
      return true;
    case 'backup':
      return held.has('Datastore.AllocateSpace') && ofVm.has('VM.Backup');
    case 'images':
    case 'rootdir':
      return held.has('Datastore.Audit') && ofVm.has('VM.Config.Disk');
    default:
      return false;
  }
}

function row(ctx: Ctx, volume: Volume): Record<string, unknown> {
  return {
    volid: volume.volid,
    content: volume.content,
    format: volume.format,
    size: volume.size,
    ctime: volume.ctime,
    ...(volume.vmid === undefined
      ? {}
      : {
          vmid: volume.vmid,
          parent: volume.parent ?? null,
          used: Math.floor(writtenBytes(ctx.world, volume)),
        }),
  };
}

/** A path may give the volume with or without its storage. */
function volumeParam(ctx: Ctx): string {
  const storage = param(ctx, 'storage');
  const volume = param(ctx, 'volume');
  if (!volume.includes(':')) return `${storage}:${volume}`;
  const named = volume.split(':')[0];
  if (named !== storage) {
    throw invalid({ volume: `storage ID mismatch (${named} != ${storage})\n` });
  }
  return volume;
}

export const volumeInfo: Handler = (ctx) => {
  const storage = needStorage(ctx);
  const volid = volumeParam(ctx);
  demand(
    ctx.world,
    ctx.caller,
    `/storage/${storage.id}`,
    ['Datastore.Audit', 'Datastore.AllocateSpace'],
    true,
  );
  const volume = findVolume(ctx.world, volid, ctx.node);
  if (volume === undefined) throw failed(`volume '${volid}' does not exist`);
  return reply({
    path: filePath(storage, volid),
    size: volume.size,
    used: Math.floor(writtenBytes(ctx.world, volume)),
    format: volume.format,
  });
};

export const removeVolume: Handler = (ctx) => {
  const volid = volumeParam(ctx);
  const storage = param(ctx, 'storage');
  const owner = findVolume(ctx.world, volid, ctx.node)?.vmid;
  demand(ctx.world, ctx.caller, `/storage/${storage}`, [
    owner === undefined ? 'Datastore.AllocateTemplate' : 'Datastore.Allocate',
  ]);
  const id = owner === undefined ? storage : `${owner}@${storage}`;
  return task(ctx, 'imgdel', id, { data: { volid } });
};

export const importMetadata: Handler = (ctx) => {
  const volid = volumeParam(ctx);
  demand(
    ctx.world,
    ctx.caller,
    `/storage/${param(ctx, 'storage')}`,
    ['Datastore.Audit', 'Datastore.AllocateSpace'],
    true,
  );
  throw failed(`unable to parse directory volume name '${volid}'`);
};

const extensions: Readonly<Record<string, RegExp>> = {
  import: /^[^/\s]+\.(?:qcow2|raw|vmdk|ova)$/,
  iso: /^[^/\s]+\.(?:iso|img)$/i,
  vztmpl: /^[^/\s]+\.tar\.(?:gz|xz|zst)$/,
};

export const downloadUrl: Handler = (ctx) => {
  const { params } = ctx;
  const storage = needStorage(ctx);
  const kind = param(ctx, 'content');
  const filename = param(ctx, 'filename');
  if (!storage.content.includes(kind)) {
    throw invalid({ content: `storage '${storage.id}' does not support '${kind}' content` });
  }
  if (extensions[kind]?.test(filename) !== true) {
    throw invalid({ filename: 'invalid filename or wrong extension' });
  }
  if ((params.checksum === undefined) !== (params['checksum-algorithm'] === undefined)) {
    throw invalid({ checksum: "missing property - 'checksum-algorithm' requires this property" });
  }
  const volid = `${storage.id}:${kind}/${filename}`;
  return task(ctx, 'download', filename, { data: { volid }, params, afterMs: 40 });
};

function configRow(ctx: Ctx, storage: SimStorage): Record<string, unknown> {
  return {
    storage: storage.id,
    type: storage.type,
    content: storage.content.join(','),
    digest: sha1(JSON.stringify(ctx.world.storages)),
    ...(storage.path === undefined ? {} : { path: storage.path }),
    ...(storage.pool === undefined ? {} : { pool: storage.pool }),
    ...(storage.nodes === undefined ? {} : { nodes: storage.nodes.join(',') }),
    ...(storage.shared ? { shared: 1 } : {}),
    ...(storage.enabled ? {} : { disable: 1 }),
  };
}

export const storages: Handler = (ctx) =>
  reply(
    Object.values(ctx.world.storages)
      .filter((storage) => mayAudit(ctx, storage.id))
      .map((storage) => configRow(ctx, storage)),
  );

export const storageConfig: Handler = (ctx) => {
  const id = param(ctx, 'storage');
  const storage = ctx.world.storages[id];
  if (storage === undefined) throw failed(`storage '${id}' does not exist`);
  return reply(configRow(ctx, storage));
};
