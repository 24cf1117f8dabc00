import type { Clock } from '../model/ports.ts';
import type { PveAgent } from '../model/pve-port.ts';

/** One running VM whose inside we speak to, only through its guest agent. */
export interface GuestTarget {
  readonly agent: PveAgent;
  readonly node: string;
  readonly vmid: number;
  readonly clock: Clock;
  /** Ends waits; what already runs inside the guest goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** Who acts: the guest's scripts refuse a fence that is lower than the highest they have seen. */
export interface Actor {
  readonly run: string;
  readonly fence: number;
}

/** "vm 9101 on pve2": how messages name a guest. */
export function nameOf(target: GuestTarget): string {
  return `vm ${target.vmid} on ${target.node}`;
}
