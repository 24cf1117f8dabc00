import type { RunEvent } from './event.ts';
import type { OlderFormat } from './migrations.ts';
import type { State } from './state.ts';

/**
 * Where the state lives. Compare-and-swap is the promise: `write` succeeds only when what is stored is still
 * `basedOn`. Throws StateLocked when a lock could not be had in time, DiagnosticsError when what is stored is
 * corrupt or foreign. A state that does not verify is never overwritten.
 */
export interface StateStore {
  /** For messages: the path or address. */
  readonly where: string;
  read(): Promise<StateRead>;
  write(
    next: State,
    basedOn: Revision,
  ): Promise<
    { readonly kind: 'written'; readonly revision: Revision } | { readonly kind: 'moved' }
  >;
  /** Breaks the backend's own lock, when it has that id: for people who know that its holder is dead. */
  unlock?(id: string): Promise<Unlocked>;
  /** Why two writers could overwrite each other here; undefined: they can't. For `doctor`; may take a lock for a moment. */
  weakness?(): Promise<string | undefined>;
}

export type Unlocked =
  | { readonly kind: 'broken'; readonly holder: string }
  /** Somebody else's lock is held; it was left alone. */
  | { readonly kind: 'other'; readonly holder: string }
  /** Nobody holds it; or this backend's locks end by themselves. */
  | { readonly kind: 'free' };

export interface StateRead {
  /** undefined: there is none yet. */
  readonly state: State | undefined;
  readonly revision: Revision;
  /** Set when what is stored is of an older format: `state` is what it becomes with the next write. */
  readonly older?: OlderFormat | undefined;
}

/** Opaque to callers. */
export type Revision = string;

/**
 * One run's view of the state. `commit` queues a pure change; it resolves when a write that holds it is
 * durable, with the state of that write. Queued changes share one write; when another run wrote in between,
 * they are applied anew to what it left. A change that returns its argument writes nothing.
 */
export interface Ledger {
  current(): State;
  commit(change: (state: State) => State): Promise<State>;
  /** Reads the store anew when nothing is queued. */
  refresh(): Promise<State>;
}

export interface Clock {
  /** Ms since the epoch, by this machine. */
  now(): number;
  /** Ms, never steps back. */
  monotonic(): number;
  /** Rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Random {
  uuid(): string;
  /** 0 ≤ x < 1, for jitter. */
  fraction(): number;
}

/** Everything that a run tells: rendered by the cli as live lines, plain lines or JSON. */
export interface Log {
  emit(event: RunEvent): void;
}

/** Files of the project and what Muster writes besides the state. Paths are absolute or relative to the project. */
export interface Files {
  /** undefined: no such file. */
  read(path: string): Promise<Uint8Array | undefined>;
  /** Atomic; mode 0600 unless told. */
  write(path: string, content: string, mode?: number): Promise<void>;
  /** Adds to the end of a file that is made when it is missing, 0600. Not atomic: for logs. */
  append(path: string, bytes: Uint8Array): Promise<void>;
  /** Files that the glob names, relative, sorted; never outside the project, links not followed out of it. */
  glob(pattern: string): Promise<readonly string[]>;
}
