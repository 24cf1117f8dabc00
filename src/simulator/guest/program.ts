/**
 * The seam between the simulated cluster and what runs inside its guests. A program sees the guest
 * (which it may change: files, packages, processes) and the network as that guest sees it; everything
 * it answers must follow from those two. It has no clock of its own: `nowMs` is cluster time.
 */

export interface ProgramCall {
  /** The guest the program runs in. Live: a change made here is a change of that machine. */
  readonly guest: Guest;
  /** What follows the program's name (for `sh -c TEXT muster-NAME/VERSION a b`: a, b). */
  readonly args: readonly string[];
  readonly stdin: string;
  /** Milliseconds since the epoch, cluster time (the guest's own clock adds `guest.clockSkewMs`). */
  readonly nowMs: number;
  readonly network: NetworkView;
  /** Environment given to the program (the agent gives none). */
  readonly env: Readonly<Record<string, string>>;
  /** Runs another program of this guest, as exec would; undefined when there is no such program. */
  readonly run: (
    argv: readonly string[],
    given?: { readonly stdin?: string; readonly env?: Readonly<Record<string, string>> },
  ) => ProgramResult | undefined;
  /** A number from 0 up to 1, drawn from the cluster's seeded sequence. */
  readonly random: () => number;
}

export interface ProgramResult {
  /** UTF-8 text; the agent hands it out as Latin-1 code points by itself. */
  readonly stdout: string;
  readonly stderr: string;
  readonly exit: number;
  /** Ended by this signal instead of by `exit`. */
  readonly signal?: number;
  /** From call to end. The agent says `exited: 0` until then. */
  readonly takesMs: number;
  /** Carried out by the cluster when the program ends. */
  readonly effects?: readonly GuestEffect[];
  /** Of a supervised program that is not ended from then on: its effects when it ends after its time. */
  readonly late?: { readonly fromMs: number; readonly effects: readonly GuestEffect[] };
  /** Of a supervised program: what it does before its end, in this order. */
  readonly during?: readonly { readonly afterMs: number; readonly effect: GuestEffect }[];
}

export type Program = (call: ProgramCall) => ProgramResult;

/** Looks one program up, as `NAME/VERSION`. */
export type ProgramRegistry = ReadonlyMap<string, Program>;

export type GuestEffect =
  | { readonly kind: 'poweroff' }
  | { readonly kind: 'reboot' }
  | { readonly kind: 'restart-agent' }
  | { readonly kind: 'installed'; readonly packages: readonly string[] }
  | { readonly kind: 'reboot-required'; readonly required: boolean }
  | { readonly kind: 'unlock-packages' }
  | {
      readonly kind: 'write-file';
      readonly path: string;
      readonly content: string;
      readonly mode?: number;
    }
  | { readonly kind: 'append-file'; readonly path: string; readonly content: string }
  | { readonly kind: 'remove-file'; readonly path: string };

export interface GuestOs {
  /** As ID= in /etc/os-release. */
  id: string;
  versionId: string;
  prettyName: string;
  packageManager: 'apt' | 'dnf' | 'zypper' | 'apk';
  init: 'systemd' | 'openrc' | 'none';
  kernel: string;
}

export interface GuestFile {
  /** UTF-8 text. */
  content: string;
  mode: number;
  mtimeMs: number;
}

export interface UpgradablePackage {
  name: string;
  from: string;
  to: string;
  security: boolean;
  /** Installing it asks for a reboot (a kernel, libc …). */
  needsReboot?: boolean;
}

export interface GuestPackages {
  /** name → version. */
  installed: Record<string, string>;
  upgradable: UpgradablePackage[];
  /** Somebody (unattended upgrades, a supervised patch run) holds the package manager until then; 0: nobody. */
  lockedUntilMs: number;
  /** When the lists were last fetched; 0: never. */
  refreshedMs: number;
}

export interface GuestInterface {
  name: string;
  mac: string;
  mtu: number;
  /** In CIDR form, e.g. 192.168.1.40/24. */
  addresses: string[];
  gateway?: string;
  /** Which simulated network this is plugged in to; absent: plugged in to nothing. */
  network?: string;
}

export interface GuestProcess {
  pid: number;
  /** The unit's or the program's name. */
  name: string;
  argv: string[];
  startedMs: number;
  /** When it ends by itself; null: only when it is killed. May be moved (a timer that a beat extends). */
  endsMs: number | null;
  /** Exit status it ends with; after the end the one it ended with. */
  exit: number;
  signal?: number;
  /** Undefined while it runs. */
  endedMs?: number;
  output: string;
  errors: string;
  /** A child of the agent's own service dies with the agent (systemd: KillMode=control-group). */
  inAgentCgroup: boolean;
  /** Carried out when it ends by itself; not when it is killed. */
  onEnd: GuestEffect[];
  /** Carried out while it runs, in this order. */
  timeline: { atMs: number; effect: GuestEffect }[];
  /** Started by `agent/exec`: its status can be asked for, once after its end. */
  byAgent?: boolean;
}

/** The part of a guest that its disk keeps over a power-off. JSON, mutable. */
export interface GuestDisk {
  hostname: string;
  os: GuestOs;
  /** Absolute path → file. /run, /tmp and /dev/shm are emptied at every boot. */
  files: Record<string, GuestFile>;
  packages: GuestPackages;
  rebootRequired: boolean;
  /** The image this disk was made from: its behaviour (boot time, agent …) is looked up there. */
  image: string;
  /** Of the last cloud-init run; another one makes it run again. */
  cloudInitInstance: string;
  /** Bytes of the file system in use. */
  usedBytes: number;
  /** Free for programs to keep what has no file. */
  notes: Record<string, string>;
}

/** A running guest. JSON, mutable. */
export interface Guest extends GuestDisk {
  vmid: number;
  node: string;
  cpus: number;
  /** Bytes, as the guest sees them. */
  memoryBytes: number;
  /** Size of the boot disk in bytes. */
  diskBytes: number;
  /** Bytes free on the root file system. */
  freeBytes: number;
  interfaces: GuestInterface[];
  dns: { servers: string[]; search: string };
  /** What the guest's clock is ahead of cluster time. */
  clockSkewMs: number;
  processes: GuestProcess[];
  nextPid: number;
  bootedMs: number;
  bootId: string;
  /** From then on the agent answers; null: it never does (none installed, dead). */
  agentReadyMs: number | null;
  /** From then on cloud-init has finished; null: the guest has none. */
  cloudInitDoneMs: number | null;
  cloudInitError?: string;
  /** Its processes wait for a storage that is gone: no signal ends them, only the power does. */
  stuck?: boolean;
}

export type Connection =
  | { readonly kind: 'open'; readonly latencyMs: number; readonly tlsFingerprint?: string }
  | { readonly kind: 'refused'; readonly latencyMs: number }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'no-route' }
  | { readonly kind: 'unknown-host' };

/** The network as one guest sees it now. All pure. */
export interface NetworkView {
  /** host: a name or an address. */
  readonly connect: (host: string, port: number) => Connection;
  readonly ping: (address: string) => { readonly answered: boolean; readonly latencyMs: number };
  /** Addresses of a name; empty: unknown, or no name server answers. */
  readonly resolve: (name: string) => readonly string[];
  /** Whether the distribution's package mirror can be used, and why not. */
  readonly mirror: (proxy?: string) => { readonly reachable: boolean; readonly why: string };
  /** How long backing up that VM takes: the world gives each VM a backup size. */
  readonly backupMs: (vmid: number) => number;
}
