import type { SimCluster } from './cluster.ts';
import type { WorldSpec } from './spec.ts';

export interface ServerOptions {
  /** 0: any free port. */
  readonly port: number;
  /** Default: 127.0.0.1. */
  readonly host?: string;
  readonly tls?: boolean;
  /** One of world and cluster. */
  readonly world?: WorldSpec;
  readonly cluster?: SimCluster;
  readonly nowMs: () => number;
  /** Cluster time runs so many times as fast as real time; default 1. */
  readonly speed?: number;
}

export interface SimServer {
  /** https://127.0.0.1:8006 */
  readonly endpoint: string;
  /** SHA-256 of the certificate, AA:BB:…, when there is TLS. */
  readonly fingerprint?: string;
  /** A token with every privilege: user@realm!id=secret. */
  readonly token: string;
  readonly cluster: SimCluster;
  close(): Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<SimServer> {
  throw new Error(`not yet: ${options.port}`);
}
