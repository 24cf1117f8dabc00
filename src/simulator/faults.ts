/** Scripted, one-shot faults: what a test makes go wrong, and when. */

export interface FaultMatch {
  readonly method: string;
  /** A regular expression over the path (after /api2/json, without the query, decoded). */
  readonly path: string;
  /** The nth matching request from now on; default 1. */
  readonly nth?: number;
}

export type FaultEffect =
  /** Answered so, and not carried out. */
  | { readonly kind: 'fail'; readonly status: number; readonly reason: string }
  /** Carried out, but answered so: "start worker failed" although the VM was made. */
  | { readonly kind: 'do-then-fail'; readonly status: number; readonly reason: string }
  | { readonly kind: 'do-then-drop' }
  | { readonly kind: 'drop-before' }
  | { readonly kind: 'delay'; readonly ms: number }
  /** The task that the request starts fails with this text, and cleans up as PVE would. */
  | { readonly kind: 'fail-task'; readonly text: string }
  /** The task's worker is killed half-way: locks in the config stay. */
  | { readonly kind: 'kill-task-worker' }
  /** Not carried out; the world changes first (see WorldChange), then the request goes on. */
  | { readonly kind: 'first'; readonly change: WorldChange };

export type WorldChange =
  | { readonly kind: 'lose-node'; readonly node: string; readonly text?: string }
  | { readonly kind: 'return-node'; readonly node: string }
  /** Somebody makes a VM with this id. */
  | { readonly kind: 'take-vmid'; readonly vmid: number; readonly node: string }
  | {
      readonly kind: 'edit-vm';
      readonly vmid: number;
      readonly set?: Readonly<Record<string, string>>;
      readonly unset?: readonly string[];
    }
  | { readonly kind: 'lock-vm'; readonly vmid: number; readonly lock: string | null }
  | { readonly kind: 'delete-vm'; readonly vmid: number }
  | { readonly kind: 'power'; readonly vmid: number; readonly on: boolean }
  | { readonly kind: 'restart-agent'; readonly vmid: number }
  | { readonly kind: 'expire-token'; readonly token: string };

export interface Fault {
  readonly match: FaultMatch;
  readonly effect: FaultEffect;
}

export interface ArmedFault {
  match: { method: string; path: string; left: number };
  effect: FaultEffect;
}
