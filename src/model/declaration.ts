import type { Location } from './diagnostic.ts';
import type { Json } from './json.ts';
import type { WorkerFields } from './worker.ts';

/** The user's YAML, parsed, merged and checked; worker defaults are not applied yet (plan/expand does that). */
export interface Declaration {
  readonly project: string;
  /** Empty string when no environment was chosen. */
  readonly environment: string;
  readonly requiredVersion?: string;
  readonly cluster: ClusterSpec;
  readonly state: StateSpec;
  readonly images: Readonly<Record<string, ImageSpec>>;
  readonly repositories: Readonly<Record<string, RepositorySpec>>;
  readonly defaults: WorkerFields;
  readonly workers: Readonly<Record<string, WorkerFields>>;
  readonly workerSets: Readonly<Record<string, WorkerSetSpec>>;
  /** Old name (or pattern with ${node}) → new name. */
  readonly renamed: Readonly<Record<string, string>>;
  readonly removed: readonly string[];
  readonly sessions: Readonly<Record<string, SessionSpec>>;
  readonly guards: Guards;
  /** Contents of all `files:`, by SHA-256, base64. */
  readonly contents: Readonly<Record<string, string>>;
  /** Where a node of the merged document stands, by its path: ["workers","a","memory"]. The nearest known parent's place when it is not in the text. */
  readonly locate: (path: readonly (string | number)[]) => Location;
}

export interface ClusterSpec {
  readonly name?: string;
  /** URLs, or the single word `simulator`. Empty: only from the environment. */
  readonly endpoints: readonly string[];
  readonly tls: { readonly fingerprints: readonly string[]; readonly ca?: string };
  readonly vmids: { readonly from: number; readonly to: number };
  readonly pool?: string;
  readonly limits: Limits;
}

export interface Limits {
  readonly parallelism: number;
  readonly perNode: number;
  readonly perStorage: number;
}

export type StateSpec =
  | { readonly backend: 'local'; readonly path: string }
  | {
      readonly backend: 'http';
      readonly address: string;
      readonly options: Readonly<Record<string, Json>>;
      /** Typed on the command line: the environment's addresses are about another place. */
      readonly typed?: true;
    };

export type ImageSpec =
  | { readonly kind: 'template'; readonly template: TemplateRef; readonly clone: 'full' | 'linked' }
  | { readonly kind: 'import'; readonly volume: string }
  | {
      readonly kind: 'url';
      readonly url: string;
      readonly checksum: string;
      readonly storage: string;
    };

export type TemplateRef =
  | { readonly by: 'vmid'; readonly vmid: number }
  | { readonly by: 'name'; readonly name: string }
  | { readonly by: 'node'; readonly perNode: Readonly<Record<string, number>> };

export interface RepositorySpec {
  readonly address: string;
  readonly host: string;
  readonly port: number;
  readonly maxConcurrent?: number;
  readonly fingerprint?: string;
  /** Values may hold ${secret.X}; never resolved before the moment of use. */
  readonly env: Readonly<Record<string, string>>;
}

export interface WorkerSetSpec {
  readonly nodes: 'all' | readonly string[] | { readonly except: readonly string[] };
  /** Pattern with ${node}. */
  readonly name: string;
  readonly worker: WorkerFields;
  readonly perNode: Readonly<Record<string, WorkerFields>>;
}

export interface Guards {
  readonly maxDestroy?: number;
  readonly maxReplace?: number;
  readonly forbid: readonly string[];
}

export interface SessionSpec {
  readonly kind: 'backup' | 'restore';
  readonly workers: {
    readonly names?: readonly string[];
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly placement: 'sameNode' | 'preferSameNode' | 'any';
  readonly items: readonly ItemSpec[];
  readonly guards: {
    readonly minItems: number;
    readonly minWorkers: number;
    readonly waitForWorkers: number;
  };
  readonly reserve: number;
  readonly env: Readonly<Record<string, string>>;
}

export interface ItemSpec {
  readonly name: string;
  readonly forEachVm?: {
    readonly pool?: string;
    readonly tags?: { readonly any?: readonly string[]; readonly all?: readonly string[] };
    readonly vmids?: readonly number[];
    readonly exclude: readonly number[];
  };
  readonly run: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly repository?: string;
  readonly timeout: number;
  readonly retries: number;
}
