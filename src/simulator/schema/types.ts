/** One parameter, or one key of a property string, as the API declares it. */
export interface ParameterRule {
  readonly type?: string;
  readonly optional?: number | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly enum?: readonly string[];
  readonly pattern?: string;
  /** A named format, or the keys of a property string (`virtio,bridge=vmbr0`). */
  readonly format?: string | { readonly [key: string]: ParameterRule };
  readonly alias?: string;
  readonly keyAlias?: string;
  /** The key that a bare value in a property string belongs to. */
  readonly default_key?: number;
  /** Another key that must be there too. */
  readonly requires?: string;
  readonly items?: ParameterRule;
}

/** `["perm", path, [privileges], "any", 1]`, `["and" | "or", …]`; null: everybody who is logged in. */
export type Check = readonly unknown[] | null;

export interface EndpointRule {
  readonly check: Check;
  /** Handled by the node that its path names. */
  readonly proxied: number;
  /** Parameter → index in `rules`. `net[n]` stands for net0, net1 … */
  readonly parameters: Readonly<Record<string, number>>;
  /** No login needed. */
  readonly world?: number;
}
