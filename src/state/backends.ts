import { resolve } from 'node:path';
import type { StateSpec } from '../model/declaration.ts';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { StateStore } from '../model/ports.ts';
import { type LocalStoreOptions, localStore } from './local-store.ts';

export interface BackendOptions extends LocalStoreOptions {
  /** The project's root: where relative paths of the declaration begin. Absolute. */
  readonly root: string;
}

type Backends = {
  readonly [B in StateSpec['backend']]?: (
    spec: Extract<StateSpec, { readonly backend: B }>,
    options: BackendOptions,
  ) => StateStore;
};

/** One line per backend. */
export const stateBackends: Backends = {
  local: (spec, options) => localStore(resolve(options.root, spec.path), options),
};

/** The store that a declaration names. Nothing is read, locked or created yet. */
export function openStore(spec: StateSpec, options: BackendOptions): StateStore {
  const store =
    spec.backend === 'local'
      ? stateBackends.local?.(spec, options)
      : stateBackends[spec.backend]?.(spec, options);
  if (store !== undefined) return store;
  const known = Object.keys(stateBackends).join(', ');
  throw new DiagnosticsError([
    problem(
      'unknown-backend',
      `this Muster has no state backend "${spec.backend}"`,
      `Use one of: ${known}.`,
    ),
  ]);
}
