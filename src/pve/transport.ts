import type { PveFailure } from '../model/errors.ts';

/** One request as Proxmox gets it. `path` stands after /api2/json and holds the query string, encoded. */
export interface TransportRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** A form; empty for GET and DELETE. */
  readonly body: string;
}

export interface TransportResponse {
  readonly status: number;
  /** The reason phrase: where Proxmox puts its error texts. */
  readonly reason: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SendOptions {
  /** Ms for the whole exchange: connection, headers and body. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Carries requests: over HTTPS, or to a simulated cluster in the same process. Any status is an answer.
 * Throws TransportFailure; any other error counts as `unanswered`. Rejects with the signal's reason when aborted.
 */
export interface Transport {
  send(request: TransportRequest, options: SendOptions): Promise<TransportResponse>;
  /** The endpoint that answered last; the first one before that. */
  endpoint?(): string;
  close?(): unknown;
}

export interface TransportFailureFacts {
  readonly failure: Extract<PveFailure, 'unreachable' | 'untrusted' | 'unanswered' | 'garbled'>;
  /** False only when no byte of the request can have reached Proxmox. */
  readonly sent: boolean;
  readonly reason: string;
  readonly endpoint?: string;
  /** The deadline passed, rather than the connection failing. */
  readonly late?: boolean;
  readonly certificate?: { readonly issuer: string; readonly fingerprint: string };
}

export class TransportFailure extends Error {
  readonly facts: TransportFailureFacts;
  constructor(facts: TransportFailureFacts, cause?: unknown) {
    super(facts.reason, { cause });
    this.name = 'TransportFailure';
    this.facts = facts;
  }
}
