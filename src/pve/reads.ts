import { PveError } from '../model/errors.ts';
import type { PveReads } from '../model/pve-port.ts';
import { asMembers, asMembersList, requiredText } from './answer-shape.ts';
import type { Api, Caller } from './caller.ts';
import { byVmid, readClusterList, readVm } from './cluster-list.ts';
import {
  readBridges,
  readClusterStatus,
  readHaGuests,
  readObstacles,
  readPermissions,
  readReplicated,
  readStorages,
  readVolumes,
} from './node-answers.ts';
import { guestId, nodeName, storageName } from './path-segment.ts';
import { readConfig, readPending, readSnapshots, readStatus } from './vm-answers.ts';

export interface ReadsOptions {
  /** "muster@pve!ci", without the secret. */
  readonly tokenId: string;
  readonly endpoint: () => string;
}

export function createReads(call: Caller, { tokenId, endpoint }: ReadsOptions): PveReads {
  return {
    facts: async () => {
      const [version, cluster] = await Promise.all([
        call(
          (api) => api.version.$get(),
          (data) => requiredText(asMembers(data), 'version'),
        ),
        // Needs Sys.Audit on /, which a least-privilege token lacks.
        ifAllowed(
          call((api) => api.cluster.status.$get(), readClusterStatus),
          {},
        ),
      ]);
      return { ...cluster, version, endpoint: endpoint(), token: tokenId };
    },
    cluster: () => call((api) => api.cluster.resources.$get(), readClusterList),
    nodeVms: (node) =>
      call(
        (api) => api.nodes.$(nodeName(node)).qemu.$get(),
        (data) =>
          asMembersList(data)
            .map((entry) => readVm(entry, node))
            .sort(byVmid),
      ),
    idIsFree: (vmid) => idIsFree(call, vmid),
    permissions: () => call((api) => api.access.permissions.$get(), readPermissions),
    storages: (node) =>
      call(
        (api) => api.nodes.$(nodeName(node)).storage.$get(),
        (data) => readStorages(node, data),
      ),
    bridges: (node) =>
      call(
        (api) => api.nodes.$(nodeName(node)).network.$get({ type: 'any_bridge' }),
        (data) => readBridges(node, data),
      ),
    volumes: (node, storage, content) =>
      call(
        (api) =>
          api.nodes.$(nodeName(node)).storage.$(storageName(storage)).content.$get({ content }),
        readVolumes,
      ),
    haManaged: () => haManaged(call),
    ...createVmReads(call),
  };
}

function createVmReads(
  call: Caller,
): Pick<PveReads, 'config' | 'pending' | 'status' | 'migrationObstacles' | 'snapshots'> {
  return {
    config: (node, vmid, current = false) =>
      call((api) => vmOf(api, node, vmid).config.$get(current ? { current } : {}), readConfig),
    pending: (node, vmid) => call((api) => vmOf(api, node, vmid).pending.$get(), readPending),
    status: (node, vmid) => call((api) => vmOf(api, node, vmid).status.current.$get(), readStatus),
    migrationObstacles: (node, vmid, target) =>
      call(
        (api) => vmOf(api, node, vmid).migrate.$get({ target: nodeName(target) }),
        (data) => readObstacles(target, data),
      ),
    snapshots: (node, vmid) => call((api) => vmOf(api, node, vmid).snapshot.$get(), readSnapshots),
  };
}

/** One VM's part of the API. Node and id are verified before they become part of a path. */
export function vmOf(api: Api, node: string, vmid: number) {
  return api.nodes.$(nodeName(node)).qemu.$(guestId(vmid));
}

/** Any token is told "VM N already exists", for guests that it may not see, too. */
async function idIsFree(call: Caller, vmid: number): Promise<boolean> {
  try {
    await call(
      (api) => api.cluster.nextid.$get({ vmid: guestId(vmid) }),
      () => undefined,
    );
    return true;
  } catch (error) {
    const text = error instanceof PveError ? error.facts.errors?.vmid : undefined;
    if (text !== undefined && /already exists/.test(text)) return false;
    throw error;
  }
}

async function haManaged(call: Caller): Promise<readonly number[]> {
  const [managed, replicated] = await Promise.all([
    ifAllowed(
      call((api) => api.cluster.ha.resources.$get(), readHaGuests),
      [],
    ),
    ifAllowed(
      call((api) => api.cluster.replication.$get(), readReplicated),
      [],
    ),
  ]);
  return [...new Set([...managed, ...replicated])].sort((a, b) => a - b);
}

/** The answer, or `otherwise` when the token may not ask or this Proxmox has no such list. */
async function ifAllowed<T>(answer: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    const failure = error instanceof PveError ? error.facts.failure : undefined;
    if (failure === 'forbidden' || failure === 'not-implemented') return otherwise;
    throw error;
  }
}
