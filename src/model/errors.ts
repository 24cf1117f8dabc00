/** Outside failures. Anything that is neither one of these nor a DiagnosticsError is a bug and shows its stack. */

/** Where a request to Proxmox ended. */
export type PveFailure =
  /** No connection, or none of the endpoints answered. */
  | 'unreachable'
  /** The certificate is not trusted; the token was not sent. */
  | 'untrusted'
  /** The deadline passed, or the connection ended, after the request was sent: it may have been carried out. */
  | 'unanswered'
  /** 401. */
  | 'unauthenticated'
  /** 403. */
  | 'forbidden'
  /** 400: parameter verification; see `errors`. */
  | 'refused'
  /** 595, 596, 599: the node behind the one that was asked did not answer. */
  | 'node-unreachable'
  /** 501: no such path or method. */
  | 'not-implemented'
  /** The answer is not what the API promises (a proxy's HTML, cut-off JSON). */
  | 'garbled'
  /** Any other non-2xx answer; the reason says why. */
  | 'failed';

export interface PveErrorFacts {
  readonly failure: PveFailure;
  /** "PUT /nodes/pve1/qemu/101/config" */
  readonly request: string;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Proxmox' own words: the reason phrase, or JSON `message`. */
  readonly reason: string;
  /** Parameter → text, of a 400. */
  readonly errors?: Readonly<Record<string, string>>;
  readonly endpoint?: string;
  readonly certificate?: { readonly issuer: string; readonly fingerprint: string };
}

export class PveError extends Error {
  readonly facts: PveErrorFacts;
  constructor(facts: PveErrorFacts, cause?: unknown) {
    const params = Object.entries(facts.errors ?? {}).map(([key, text]) => `${key}: ${text}`);
    const words = [facts.reason, ...params].join('; ');
    super(`${facts.request}: ${facts.status === 0 ? '' : `${facts.status} `}${words}`, { cause });
    this.name = 'PveError';
    this.facts = facts;
  }
}

/** Why a task of Proxmox' ended without success. `retry`: a lock time-out, worth another try. */
export type TaskFailure = 'lock-timeout' | 'locked' | 'interrupted' | 'failed';

export class TaskFailed extends Error {
  readonly upid: string;
  readonly exitText: string;
  readonly failure: TaskFailure;
  /** The last lines of the task's log, oldest first. */
  readonly log: readonly string[];
  constructor(upid: string, exitText: string, failure: TaskFailure, log: readonly string[]) {
    super(`task ${upid} failed: ${exitText}`);
    this.name = 'TaskFailed';
    this.upid = upid;
    this.exitText = exitText;
    this.failure = failure;
    this.log = log;
  }
}

export class TaskTimeout extends Error {
  readonly upid: string;
  readonly waitedMs: number;
  constructor(upid: string, waitedMs: number) {
    super(`task ${upid} still runs after ${Math.round(waitedMs / 1000)} s`);
    this.name = 'TaskTimeout';
    this.upid = upid;
    this.waitedMs = waitedMs;
  }
}

/** Somebody else holds the state's lock. Exit code 4. */
export class StateLocked extends Error {
  /** Who holds it, since when, from where, as far as the backend knows. */
  readonly holder: string;
  /** How to go on, where the backend knows better than "wait". */
  readonly remedy: string | undefined;
  constructor(where: string, holder: string, remedy?: string) {
    super(`the state ${where} is locked by ${holder}`);
    this.name = 'StateLocked';
    this.holder = holder;
    this.remedy = remedy;
  }
}

/** The state changed between reading and writing, more often than it was worth trying again. Exit code 4. */
export class StateMoved extends Error {
  constructor(where: string) {
    super(`the state ${where} was changed by another run, again and again`);
    this.name = 'StateMoved';
  }
}

/** This run lost its right to act: another run took over, or its beat was not acknowledged in time. Exit code 5. */
export class Fenced extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'Fenced';
  }
}

/** A wait that reached its deadline. `waitingFor` is the named reason, such as `waiting-for-agent`. */
export class WaitTimeout extends Error {
  readonly waitingFor: string;
  readonly waitedMs: number;
  constructor(waitingFor: string, waitedMs: number, message: string) {
    super(message);
    this.name = 'WaitTimeout';
    this.waitingFor = waitingFor;
    this.waitedMs = waitedMs;
  }
}

/** Two workers would claim one vmid. Nothing was saved; the later one needs another id. */
export class VmidTaken extends Error {
  readonly vmid: number;
  /** The worker whose record holds the id. */
  readonly owner: string;
  constructor(vmid: number, worker: string, owner: string) {
    super(`vm ${vmid} can't be worker ${worker}'s: worker ${owner} holds that id`);
    this.name = 'VmidTaken';
    this.vmid = vmid;
    this.owner = owner;
  }
}

/** A change names a worker that the state doesn't hold (any more). */
export class WorkerUnknown extends Error {
  readonly worker: string;
  constructor(worker: string) {
    super(`the state holds no worker ${worker}`);
    this.name = 'WorkerUnknown';
    this.worker = worker;
  }
}

/**
 * Something inside a guest, or its agent, is not as it must be. `code` is stable kebab-case: the gate or script
 * it failed at, such as `agent-missing`, `exec-forbidden`, `io-error`.
 */
export class GuestError extends Error {
  readonly code: string;
  /** What to do, as an imperative sentence. */
  readonly remedy: string | undefined;
  constructor(code: string, message: string, remedy?: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'GuestError';
    this.code = code;
    this.remedy = remedy;
  }
}

/**
 * A command in a guest whose exit status is lost: its answer did not arrive (the agent tells it once only), or
 * the agent was restarted. It may have ended or still run.
 */
export class ExecLost extends Error {
  readonly vmid: number;
  readonly pid: number;
  constructor(vmid: number, pid: number, cause?: unknown) {
    super(`the exit status of process ${pid} in vm ${vmid} is lost`, { cause });
    this.name = 'ExecLost';
    this.vmid = vmid;
    this.pid = pid;
  }
}

/** A step of an apply met something that it must not go on from. */
export class StepFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StepFailed';
  }
}
