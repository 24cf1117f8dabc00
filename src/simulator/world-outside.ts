/** What lies around the simulated cluster, as data: images and what boots from them, networks, hosts, downloads. */
import type { GuestOs, UpgradablePackage } from './guest/program.ts';

export interface ImageBehaviour {
  os: GuestOs;
  hasAgent: boolean;
  cloudInit: boolean;
  /** From start to the agent's first answer. */
  bootMs: number;
  /** From the agent's first answer to the end of cloud-init, on a first boot. */
  cloudInitMs: number;
  /** What cloud-init complains of at its end; absent: nothing. */
  cloudInitError?: string;
  shutdownMs: number;
  ignoresShutdown: boolean;
  installed: Record<string, string>;
  upgradable: UpgradablePackage[];
  /** How long somebody else holds the package manager after a boot. */
  packagesBusyMs: number;
  clockSkewMs: number;
  /** Bytes of the image on disk. */
  sizeBytes: number;
  usedBytes: number;
  /** What is there besides what a fresh system of its kind has: path → content. */
  files: Record<string, string>;
}

export interface NetworkWorld {
  segments: Segment[];
  hosts: OutsideHost[];
  /** Host of the package mirror; it must be reachable by the ordinary rules (port 80), or through a proxy. */
  mirror: { host: string; port: number; up: boolean };
  /** Backups run at this many bytes a second. */
  backupBytesPerSecond: number;
  /** What DHCP servers handed out: MAC → address. */
  leases: Record<string, string>;
}

export interface Segment {
  id: string;
  bridge: string;
  /** 0: untagged. */
  vlan: number;
  /** Nodes where it is plugged in; absent: everywhere where the bridge is. */
  nodes?: string[];
  cidr: string;
  gateway?: string;
  gatewayUp: boolean;
  /** What its DHCP server hands out; absent: there is none. */
  dhcp?: { from: string; dns: string[] };
  /** Whether hosts that are on no segment (the internet) are reached through the gateway. */
  uplink: boolean;
}

export interface OutsideHost {
  names: string[];
  addresses: string[];
  /** Port → TLS fingerprint, or '' for a port without TLS. */
  ports: Record<string, string>;
  up: boolean;
  latencyMs: number;
  /** It answers questions about names on port 53. */
  resolver?: boolean;
  /** Segments from which packets to it are dropped. */
  blockedFrom?: string[];
}

export interface Download {
  size: number;
  /** algorithm → hex digest */
  checksums: Record<string, string>;
  image?: string;
  status: number;
  mimetype: string;
}
