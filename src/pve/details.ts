import { PveError } from '../model/errors.ts';
import type { Inventory } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import type { Pve } from '../model/pve-port.ts';
import { isNodeUnreachable } from '../model/pve-texts.ts';
import { markUnreachable, reasonIfUnreachable } from './inventory.ts';
import { mapBounded } from './limiter.ts';

export interface DetailsNeed {
  /** Where something is planned: their storages and bridges are read. */
  readonly nodes: readonly string[];
  readonly templates: readonly { readonly node: string; readonly vmid: number }[];
  /** Where images and snippets are looked for. */
  readonly volumes: readonly {
    readonly node: string;
    readonly storage: string;
    readonly content: string;
  }[];
  readonly permissions: boolean;
  readonly ha: boolean;
}

/** What one request adds to the inventory. */
type Addition = (inventory: Inventory) => Inventory;

interface Item {
  /** Key in `unread` when it fails. */
  readonly name: string;
  readonly node?: string;
  readonly read: (pve: Pve) => Promise<Addition>;
}

const AT_ONCE = 8;

/**
 * Phase 2 of the inventory: what preflight checks need, for the nodes where something is planned. One item that
 * can't be read (no privilege, node silent, storage broken) is missing, and named in `unread`; the others are
 * there. Throws PveError only when the cluster itself does not answer.
 */
export async function readDetails(
  pve: Pve,
  inventory: Inventory,
  need: DetailsNeed,
): Promise<Inventory> {
  const items = itemsOf(need).filter(({ node }) => node === undefined || answers(inventory, node));
  const additions = await mapBounded(items, AT_ONCE, async (item) => {
    try {
      return await item.read(pve);
    } catch (error) {
      return unread(item, error, reasonIfUnreachable(error));
    }
  });
  return additions.reduce((known, add) => add(known), inventory);
}

function itemsOf(need: DetailsNeed): readonly Item[] {
  const volumes = new Map(
    need.volumes.map((want) => [`${want.node}/${want.storage} ${want.content}`, want]),
  );
  const templates = new Map(need.templates.map((want) => [want.vmid, want]));
  return [
    ...[...new Set(need.nodes)]
      .sort(byCodeUnit)
      .flatMap((node) => [storagesOf(node), bridgesOf(node)]),
    ...[...templates.values()].map(({ node, vmid }) => templateOf(node, vmid)),
    ...[...volumes].map(([key, { node, storage, content }]) =>
      volumesOf(key, node, storage, content),
    ),
    ...(need.permissions ? [PERMISSIONS] : []),
    ...(need.ha ? [HA] : []),
  ];
}

function storagesOf(node: string): Item {
  return {
    name: `storages ${node}`,
    node,
    read: async (pve) => {
      const storages = await pve.read.storages(node);
      const facts = storages.map((storage) => [`${node}/${storage.storage}`, storage] as const);
      return (known) => ({
        ...known,
        storages: { ...known.storages, ...Object.fromEntries(facts) },
      });
    },
  };
}

function bridgesOf(node: string): Item {
  return {
    name: `bridges ${node}`,
    node,
    read: async (pve) => {
      const bridges = await pve.read.bridges(node);
      const facts = bridges.map((bridge) => [`${node}/${bridge.name}`, bridge] as const);
      return (known) => ({ ...known, bridges: { ...known.bridges, ...Object.fromEntries(facts) } });
    },
  };
}

function templateOf(node: string, vmid: number): Item {
  return {
    name: `config ${node}/${vmid}`,
    node,
    read: async (pve) => {
      const config = await pve.read.config(node, vmid);
      return (known) => ({ ...known, configs: { ...known.configs, [vmid]: config } });
    },
  };
}

function volumesOf(key: string, node: string, storage: string, content: string): Item {
  return {
    name: `volumes ${key}`,
    node,
    read: async (pve) => {
      const volumes = await pve.read.volumes(node, storage, content);
      const sizes = Object.entries(volumes).map(
        ([volid, size]) => [`${node}/${volid}`, size] as const,
      );
      return (known) => ({ ...known, volumes: { ...known.volumes, ...Object.fromEntries(sizes) } });
    },
  };
}

const PERMISSIONS: Item = {
  name: 'permissions',
  read: async (pve) => {
    const permissions = await pve.read.permissions();
    return (known) => ({ ...known, permissions });
  },
};

const HA: Item = {
  name: 'ha',
  read: async (pve) => {
    const managed = await pve.read.haManaged();
    return (known) => ({
      ...known,
      haManaged: [...new Set([...known.haManaged, ...managed])].sort((a, b) => a - b),
    });
  },
};

function answers(inventory: Inventory, node: string): boolean {
  const facts = inventory.nodes[node];
  return facts?.online === true && facts.unreachable === undefined;
}

function unread({ name, node }: Item, error: unknown, reason: string): Addition {
  const silent = node !== undefined && isNodeDown(error) ? [{ node, reason }] : [];
  return (known) => ({
    ...known,
    nodes: markUnreachable(known.nodes, silent),
    unread: { ...known.unread, [name]: reason },
  });
}

/** 596 and 599 come from one slow or broken storage, too: they say nothing about the node. */
function isNodeDown(error: unknown): boolean {
  if (!(error instanceof PveError)) return false;
  return isNodeUnreachable(error) && error.facts.status !== 596 && error.facts.status !== 599;
}
