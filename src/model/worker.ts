import type { Location } from './diagnostic.ts';
import type { Json } from './json.ts';

/**
 * A worker's fields as declared, in canonical form: sizes in bytes, durations in milliseconds. `undefined`
 * means not declared. The same shape serves `defaults`, `workerSets.*.worker`, `perNode` and `workers.*`;
 * the attribute rows (attributes/) say what each field means on PVE.
 */
export interface WorkerFields {
  readonly node?: string;
  readonly description?: string;
  readonly enabled?: boolean;
  readonly slots?: number;
  readonly vmid?: number;
  readonly image?: string;
  readonly storage?: string;
  readonly cpu?: { readonly cores?: number; readonly type?: string };
  readonly memory?: number;
  readonly disk?: {
    readonly size?: number;
    readonly storage?: string;
    readonly discard?: boolean;
    readonly ssd?: boolean;
  };
  readonly networks?: readonly NetworkSpec[];
  readonly dns?: { readonly servers?: readonly string[]; readonly search?: string };
  readonly cloudInit?: {
    readonly user?: string;
    readonly sshKeys?: readonly string[];
    readonly vendorData?: string;
    readonly userData?: string;
    readonly networkData?: string;
  };
  readonly files?: readonly FileSpec[];
  readonly options?: Readonly<Record<string, string | number | boolean>>;
  readonly tags?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly deploy?: 'onDemand' | 'eager';
  readonly onImageChange?: 'replace' | 'nextDeploy' | 'ignore';
  readonly protect?: boolean;
  readonly patch?: Partial<PatchSpec>;
  readonly checks?: readonly CheckSpec[];
  readonly timeouts?: Partial<Timeouts>;
}

/** `dhcp`, `auto` (IPv6 only), `none`, or a static address in CIDR form with an optional gateway. */
export type IpSpec =
  | 'dhcp'
  | 'auto'
  | 'none'
  | { readonly address: string; readonly gateway?: string };

export interface NetworkSpec {
  readonly bridge: string;
  readonly vlan?: number;
  readonly mtu?: number;
  readonly model?: string;
  /** Upper-case, colons. */
  readonly mac?: string;
  readonly firewall?: boolean;
  readonly ipv4?: IpSpec;
  readonly ipv6?: IpSpec;
}

/** A file that each launch writes into the guest when its digest differs. */
export interface FileSpec {
  /** Relative to the project's root. */
  readonly from: string;
  /** Absolute path in the guest. */
  readonly to: string;
  /** Octal, four digits. */
  readonly mode: string;
  /** SHA-256 of the content, hex. The content itself is in `Desired.contents`. */
  readonly digest: string;
}

export interface PatchSpec {
  readonly policy: 'all' | 'security' | 'none';
  readonly reboot: 'ifRequired' | 'never' | 'always';
  /** Milliseconds. Patched more recently than this: skipped. */
  readonly maxAge: number;
  readonly required: boolean;
  readonly proxy?: string;
}

export interface CheckSpec {
  readonly name: string;
  readonly run: readonly string[];
  readonly timeout: number;
}

/** Milliseconds. */
export interface Timeouts {
  readonly deploy: number;
  readonly start: number;
  readonly test: number;
  readonly patch: number;
  readonly shutdown: number;
}

/** Where a worker's disk comes from, resolved for its node. */
export type ImageSource =
  | { readonly kind: 'template'; readonly vmid: number; readonly clone: 'full' | 'linked' }
  | { readonly kind: 'import'; readonly volume: string }
  | {
      readonly kind: 'url';
      readonly url: string;
      readonly checksum: string;
      readonly storage: string;
    };

/** A repository as the guest's checks need it. */
export interface RepositoryTarget {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly fingerprint?: string;
}

/** A worker's fields after defaults, sets and sizing: nothing that has a default is missing. */
export interface WorkerSpec extends WorkerFields {
  readonly node: string;
  readonly enabled: boolean;
  readonly slots: number;
  readonly image: string;
  /** Absent while the template can't be found; preflight then says so. */
  readonly imageSource?: ImageSource;
  readonly cpu: { readonly cores: number; readonly type?: string };
  readonly memory: number;
  /** `sizeIsFloor`: the size is the default, so a larger disk is fine. */
  readonly disk: {
    readonly size: number;
    readonly sizeIsFloor: boolean;
    readonly storage?: string;
    readonly discard?: boolean;
    readonly ssd?: boolean;
  };
  readonly networks: readonly NetworkSpec[];
  readonly tags: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly files: readonly FileSpec[];
  readonly checks: readonly CheckSpec[];
  readonly deploy: 'onDemand' | 'eager';
  readonly onImageChange: 'replace' | 'nextDeploy' | 'ignore';
  readonly protect: boolean;
  readonly patch: PatchSpec;
  readonly timeouts: Timeouts;
  /** PVE pool of the cluster block. */
  readonly pool?: string;
}

/** One worker of the expanded declaration. */
export interface DesiredWorker {
  readonly name: string;
  readonly spec: WorkerSpec;
  readonly declaredAt: Location;
  /** Name of the workerSet that it comes from. */
  readonly set?: string;
}

/** The declaration expanded for an inventory: one complete entry per worker, sorted by name. */
export interface Desired {
  readonly workers: readonly DesiredWorker[];
  /** File contents by SHA-256, base64: what `files:` of these workers deliver. */
  readonly contents: Readonly<Record<string, string>>;
  readonly repositories: readonly RepositoryTarget[];
}

/** Canonical attribute values by path, such as `networks[0].vlan`. An absent path is unset. */
export type Attributes = Readonly<Record<string, Json>>;

/** What the VM of a bare disk image gets; a template brings its own. */
export const DEFAULT_CPU_TYPE = 'x86-64-v2-AES';

export const DEFAULT_TIMEOUTS: Timeouts = {
  deploy: 30 * 60_000,
  start: 3 * 60_000,
  test: 5 * 60_000,
  patch: 30 * 60_000,
  shutdown: 3 * 60_000,
};

export const DEFAULT_PATCH: PatchSpec = {
  policy: 'all',
  reboot: 'ifRequired',
  maxAge: 24 * 3600_000,
  required: false,
};
