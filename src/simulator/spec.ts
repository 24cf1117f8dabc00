/** What a simulated cluster is made from. Everything has a default but nodes, storages and VMs. */
import type { Durations } from './world.ts';
import type {
  Download,
  ImageBehaviour,
  NetworkWorld,
  OutsideHost,
  Segment,
} from './world-outside.ts';

export interface WorldSpec {
  readonly name: string;
  /** E.g. 9.2.11. */
  readonly version: string;
  readonly nodes: readonly NodeSpec[];
  readonly storages: readonly StorageSpec[];
  readonly bridges: readonly BridgeSpec[];
  readonly vnets?: readonly {
    readonly name: string;
    readonly zone: string;
    readonly nodes?: readonly string[];
  }[];
  readonly pools?: readonly { readonly id: string; readonly comment?: string }[];
  readonly images: Readonly<Record<string, ImageSpec>>;
  readonly volumes?: readonly VolumeSpec[];
  readonly vms: readonly VmSpec[];
  readonly access?: AccessSpec;
  readonly network: NetworkSpec;
  /** URL → what is there. */
  readonly downloads?: Readonly<Record<string, Partial<Download> & { readonly size: number }>>;
  readonly durations?: Partial<Durations>;
  readonly ha?: readonly { readonly vmid: number; readonly state?: string }[];
  readonly replication?: readonly { readonly vmid: number; readonly target: string }[];
  /** Before a 401, in ms; a real one takes 3000. */
  readonly authDelayMs?: number;
  readonly seed?: number;
}

export interface NodeSpec {
  readonly name: string;
  readonly cpus: number;
  /** Bytes. */
  readonly memory: number;
  readonly status?: 'online' | 'offline';
  readonly address?: string;
}

export interface StorageSpec {
  readonly id: string;
  readonly type: 'dir' | 'lvmthin' | 'zfspool' | 'nfs' | (string & {});
  readonly shared?: boolean;
  readonly nodes?: readonly string[];
  readonly content: readonly string[];
  /** Bytes on each node (or of the shared storage). */
  readonly size: number;
  readonly used?: number;
  readonly disabled?: boolean;
  readonly broken?: string;
}

export interface BridgeSpec {
  readonly name: string;
  readonly nodes?: readonly string[];
  readonly vlanAware?: boolean;
}

export interface ImageSpec extends Partial<Omit<ImageBehaviour, 'os'>> {
  readonly os: 'debian' | 'fedora' | 'opensuse' | 'alpine';
}

export interface VolumeSpec {
  /** E.g. local:import/debian-13.qcow2. */
  readonly volid: string;
  /** Absent: on every node that has the storage. */
  readonly node?: string;
  readonly size: number;
  readonly image?: string;
}

export interface VmSpec {
  readonly vmid: number;
  readonly node: string;
  readonly name: string;
  readonly template?: boolean;
  /** Name in `images`; absent: a machine without an agent. */
  readonly image?: string;
  readonly storage: string;
  /** Bytes of the boot disk. */
  readonly disk: number;
  /** Over the defaults (2 cores, 2 GiB, a virtio NIC on vmbr0, agent, cloud-init drive). */
  readonly config?: Readonly<Record<string, string>>;
  readonly pool?: string;
  readonly status?: 'running' | 'stopped';
  /** Bytes that a backup of it reads; default a third of the disk. */
  readonly backupBytes?: number;
  readonly ignoresShutdown?: boolean;
}

export interface AccessSpec {
  readonly users?: readonly {
    readonly id: string;
    readonly enabled?: boolean;
    readonly password?: string;
  }[];
  readonly tokens?: readonly {
    /** user@realm!id */
    readonly id: string;
    readonly secret: string;
    readonly privsep?: boolean;
    /** Seconds since the epoch; 0: never. */
    readonly expire?: number;
  }[];
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  readonly acls?: readonly {
    readonly path: string;
    readonly who: string;
    readonly role: string;
    readonly propagate?: boolean;
  }[];
}

export interface NetworkSpec {
  readonly segments: readonly (Omit<Segment, 'gatewayUp' | 'uplink'> & Partial<Segment>)[];
  readonly hosts?: readonly (Pick<OutsideHost, 'names' | 'addresses'> & Partial<OutsideHost>)[];
  readonly mirror?: Partial<NetworkWorld['mirror']>;
  readonly backupBytesPerSecond?: number;
}
