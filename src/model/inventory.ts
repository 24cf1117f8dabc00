/** A snapshot of the cluster as far as the token may see it (design section 5). */
export interface Inventory {
  readonly cluster: ClusterFacts;
  readonly nodes: Readonly<Record<string, NodeFacts>>;
  /** By vmid as a decimal string; containers included (they hold ids too). */
  readonly vms: Readonly<Record<string, VmFacts>>;
  /** Raw configs of candidates (recorded in the state, or tagged `muster`) and of templates in use, by vmid. */
  readonly configs: Readonly<Record<string, VmConfig>>;
  /** Recorded vmids whose config could not be read, and why: mostly those that no list shows. */
  readonly absent: Readonly<Record<string, Absence>>;
  /** `<node>/<storage>` → facts. Only nodes where something is planned. */
  readonly storages: Readonly<Record<string, StorageFacts>>;
  /** `<node>/<bridge or vnet>` → facts. Only nodes where something is planned; missing node: not read. */
  readonly bridges: Readonly<Record<string, BridgeFacts>>;
  /** Volumes that an image or snippet reference names, `<node>/<volid>` → size in bytes, as seen from that node. */
  readonly volumes: Readonly<Record<string, number>>;
  /** The token's effective privileges by path, propagated ones included; undefined when they were not read. */
  readonly permissions?: Permissions;
  /** vmids that HA manages, or that have replication. */
  readonly haManaged: readonly number[];
  /** What was asked for and could not be read, such as `volumes pve1/local import`, and why: "403 Permission check failed". */
  readonly unread?: Readonly<Record<string, string>>;
}

export interface ClusterFacts {
  readonly name?: string;
  /** "9.2.11" */
  readonly version: string;
  readonly endpoint: string;
  /** "muster@pve!ci"; the secret is not here. */
  readonly token: string;
  /** undefined: the token may not ask. */
  readonly quorate?: boolean;
  /** Cluster time in ms since the epoch, from the `Date` header. */
  readonly time: number;
}

export interface NodeFacts {
  readonly online: boolean;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly memoryUsed: number;
  readonly maintenance?: boolean;
  /** Why it gave no answer: "595 No route to host". */
  readonly unreachable?: string;
}

export interface VmFacts {
  readonly vmid: number;
  readonly node: string;
  readonly kind: 'qemu' | 'lxc';
  readonly name?: string;
  /** True power state where the node was asked, else up to 10 s old. */
  readonly status: 'running' | 'stopped' | 'unknown';
  readonly template: boolean;
  readonly lock?: string;
  readonly tags: readonly string[];
  readonly pool?: string;
  readonly haState?: string;
}

/** One VM's config: every value as text, exactly as PVE gives it; `digest` apart. */
export interface VmConfig {
  readonly values: Readonly<Record<string, string>>;
  readonly digest: string;
}

export type Absence =
  /** The id is free: the VM is gone. */
  | 'gone'
  /** The id is taken, and the token may not see by what. */
  | 'invisible'
  /** Its node does not answer. */
  | 'unreachable';

export interface StorageFacts {
  readonly node: string;
  readonly storage: string;
  readonly enabled: boolean;
  readonly active: boolean;
  readonly shared: boolean;
  readonly type: string;
  readonly content: readonly string[];
  /** Bytes; 0 when unknown. */
  readonly total: number;
  readonly available: number;
}

export interface BridgeFacts {
  readonly node: string;
  readonly name: string;
  /** undefined for SDN vnets. */
  readonly vlanAware?: boolean;
}

export type Permissions = Readonly<Record<string, readonly string[]>>;
