import type { PveWrites } from '../model/pve-port.ts';
import { asText } from './answer-shape.ts';
import { type Caller, post, put } from './caller.ts';
import { guestId, nodeName, nodeOfTask, storageName } from './path-segment.ts';
import { vmOf } from './reads.ts';

/**
 * Writes are sent once, never repeated: one that was not answered may have been carried out, and so may one
 * that was answered with 500 ("got no worker upid" was seen for a VM that was made).
 */
export function createWrites(call: Caller): PveWrites {
  return { ...createLifeWrites(call), ...createConfigWrites(call), ...createPowerWrites(call) };
}

function createLifeWrites(
  call: Caller,
): Pick<PveWrites, 'clone' | 'create' | 'migrate' | 'destroy' | 'downloadImage' | 'setPool'> {
  return {
    clone: (node, source, { newid, ...params }) =>
      call(
        (api) => vmOf(api, node, source).clone.$post({ newid: guestId(newid), ...params }),
        readUpid,
      ),
    create: (node, params) => {
      guestId(params.vmid);
      return call((api) => post(api.nodes.$(nodeName(node)).qemu, params), readUpid);
    },
    migrate: (node, vmid, target, targetstorage) => {
      const storage = targetstorage === undefined ? {} : { targetstorage };
      const params = { target: nodeName(target), 'with-local-disks': true, ...storage };
      return call((api) => vmOf(api, node, vmid).migrate.$post(params), readUpid);
    },
    destroy: (node, vmid) =>
      call((api) => vmOf(api, node, vmid).$delete({ purge: true }), readUpid),
    downloadImage: (node, storage, { algorithm, ...params }) => {
      const all = { ...params, content: 'import', 'checksum-algorithm': algorithm };
      return call((api) => {
        const { 'download-url': downloads } = api.nodes
          .$(nodeName(node))
          .storage.$(storageName(storage));
        return post(downloads, all);
      }, readUpid);
    },
    setPool: (poolid, vmid, member) => {
      const move = member ? { 'allow-move': true } : { delete: true };
      const params = { poolid, vms: String(guestId(vmid)), ...move };
      return call((api) => api.pools.$put(params), nothing);
    },
  };
}

/**
 * Config values are sent as they are to read in the config: `sshkeys` percent-encoded by the caller (once; the
 * form encodes it again), disks and NICs as property strings.
 */
function createConfigWrites(
  call: Caller,
): Pick<PveWrites, 'setConfig' | 'resize' | 'moveDisk' | 'regenerateCloudInit'> {
  return {
    setConfig: async (node, vmid, set, remove, digest) => {
      // Proxmox refuses a write of nothing with "no options specified".
      if (Object.keys(set).length === 0 && remove.length === 0) return;
      const removed = remove.length === 0 ? {} : { delete: remove.join(',') };
      const params = { ...set, ...removed, digest };
      await call((api) => put(vmOf(api, node, vmid).config, params), nothing);
    },
    resize: (node, vmid, disk, bytes, digest) => {
      const params = { disk, size: String(bytes), ...guardedBy(digest) };
      return call((api) => put(vmOf(api, node, vmid).resize, params), readUpid);
    },
    moveDisk: (node, vmid, disk, storage, digest) => {
      // Without `delete` the old volume would stay, as unused0.
      const params = { disk, storage: storageName(storage), delete: true, ...guardedBy(digest) };
      return call((api) => post(vmOf(api, node, vmid).move_disk, params), readUpid);
    },
    regenerateCloudInit: (node, vmid) =>
      call((api) => vmOf(api, node, vmid).cloudinit.$put(), nothing),
  };
}

function createPowerWrites(call: Caller): Pick<PveWrites, 'start' | 'shutdown' | 'stop'> {
  return {
    start: (node, vmid) => call((api) => vmOf(api, node, vmid).status.start.$post(), readUpid),
    shutdown: (node, vmid, timeoutMs) => {
      const timeout = Math.max(1, Math.ceil(timeoutMs / 1000));
      return call((api) => vmOf(api, node, vmid).status.shutdown.$post({ timeout }), readUpid);
    },
    stop: (node, vmid) =>
      call(
        (api) => post(vmOf(api, node, vmid).status.stop, { 'overrule-shutdown': true }),
        readUpid,
      ),
  };
}

function guardedBy(digest: string | undefined): { readonly digest?: string } {
  return digest === undefined ? {} : { digest };
}

function readUpid(data: unknown): string {
  const upid = asText(data);
  nodeOfTask(upid);
  return upid;
}

function nothing(): void {}
