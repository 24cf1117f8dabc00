import { resolve } from 'node:path';
import type { StateSpec } from '../model/declaration.ts';
import type { StateStore } from '../model/ports.ts';
import type { Env } from './http-settings.ts';
import type { LocalStoreOptions } from './local-store.ts';

export interface BackendOptions extends LocalStoreOptions {
  /** The project's root: where relative paths of the declaration begin. Absolute. */
  readonly root: string;
  /** Addresses and credentials of servers come from here. */
  readonly env: Env;
  /** The certificate authorities that this machine trusts, as PEM text; undefined: those of Node.js. */
  readonly systemCa: () => Promise<string | undefined>;
}

type Backends = {
  readonly [B in StateSpec['backend']]: (
    spec: Extract<StateSpec, { readonly backend: B }>,
    options: BackendOptions,
  ) => Promise<StateStore>;
};

/** One line per backend; each is loaded when it is used. */
const BACKENDS: Backends = {
  local: async (spec, options) => {
    const { localStore } = await import('./local-store.ts');
    return localStore(resolve(options.root, spec.path), options);
  },
  http: async (spec, options) => {
    const { httpSettings } = await import('./http-settings.ts');
    const { httpStore } = await import('./http-store.ts');
    const settings = httpSettings(spec, options.env);
    const { address, tls } = settings;
    const ca = address.protocol === 'https:' ? (tls.ca ?? (await options.systemCa())) : undefined;
    return httpStore(ca === undefined ? settings : { ...settings, tls: { ...tls, ca } }, options);
  },
};

/** The store that a declaration names. Nothing is read, locked or created yet. */
export function openStore(spec: StateSpec, options: BackendOptions): Promise<StateStore> {
  return spec.backend === 'local' ? BACKENDS.local(spec, options) : BACKENDS.http(spec, options);
}
