import type { Clock, Random } from '../model/ports.ts';
import type { LockHolder } from './lock-holder.ts';

/** Exclusive lock on the open file: false while another open file, of this process too, has it. */
export type KernelTryLock = (fd: number) => boolean;

export interface LockOptions {
  /** The state's path; the lock's files stand beside it. */
  readonly path: string;
  readonly holder: () => LockHolder;
  /** Proof that a holder's process is dead; only that lets a lock file be removed. */
  readonly isDead: (holder: LockHolder) => Promise<boolean>;
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
  /** undefined: this machine has no kernel locks for us (the native module did not load). */
  readonly kernel: KernelTryLock | undefined;
}

export type LockAttempt =
  | { readonly kind: 'locked'; readonly release: () => Promise<void> }
  | { readonly kind: 'busy'; readonly holder: LockHolder | undefined };
