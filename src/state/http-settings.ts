import { isCi } from '../model/ci.ts';
import type { StateSpec } from '../model/declaration.ts';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';

export type Env = Readonly<Record<string, string | undefined>>;
type HttpSpec = Extract<StateSpec, { readonly backend: 'http' }>;

/** Where a state is kept over HTTP, and how to speak to that server. Holds secrets: never shown. */
export interface HttpSettings {
  readonly address: URL;
  readonly updateMethod: string;
  /** Absent: the server is not asked for locks. */
  readonly lock?: { readonly address: URL; readonly method: string };
  readonly unlock?: { readonly address: URL; readonly method: string };
  /** Value of the Authorization header. */
  readonly authorization?: string;
  readonly tls: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  readonly retry: { readonly max: number; readonly minMs: number; readonly maxMs: number };
}

/** Options as the declaration, MUSTER_HTTP_… and TF_HTTP_… call them. */
const NAMES = {
  lockAddress: 'LOCK_ADDRESS',
  unlockAddress: 'UNLOCK_ADDRESS',
  updateMethod: 'UPDATE_METHOD',
  lockMethod: 'LOCK_METHOD',
  unlockMethod: 'UNLOCK_METHOD',
  username: 'USERNAME',
} as const;

/**
 * MUSTER_HTTP_… wins over the declaration, and that over TF_HTTP_…, which counts only as far as it is about the
 * same address: many pipelines set it for a Terraform state of their own. Under CI credentials go only to
 * addresses that the environment names, because the YAML of a pull request may name any.
 */
export function httpSettings(spec: HttpSpec, given: Env): HttpSettings {
  const env = spec.typed === true ? forTyped(spec.address, given) : given;
  const terraform = givenIn(env.TF_HTTP_ADDRESS);
  const own = givenIn(env.MUSTER_HTTP_ADDRESS);
  const written = own ?? (spec.address === '' ? terraform : spec.address);
  if (written === undefined) throw noAddress();
  const address = readUrl(written);
  const isTerraforms = terraform !== undefined && sameAddress(readUrl(terraform), address);
  if (isCi(env) && spec.typed !== true && own === undefined && !isTerraforms)
    throw notNamed(address);
  const fallback = (name: string) =>
    isTerraforms || (terraform === undefined && !name.endsWith('ADDRESS'))
      ? givenIn(env[`TF_HTTP_${name}`])
      : undefined;
  const named = (name: string) => givenIn(env[`MUSTER_HTTP_${name}`]) ?? fallback(name);
  const option = (key: keyof typeof NAMES) => {
    const declared = spec.options[key];
    const text = typeof declared === 'string' ? declared : undefined;
    return givenIn(env[`MUSTER_HTTP_${NAMES[key]}`]) ?? text ?? fallback(NAMES[key]);
  };
  const locking = lockSettings(option, named, address, isCi(env));
  const authorization = authorizationOf(option('username'), named, address);
  address.username = '';
  address.password = '';
  return {
    address,
    updateMethod: methodOf(option('updateMethod') ?? 'POST'),
    ...locking,
    ...(authorization === undefined ? {} : { authorization }),
    tls: tlsOf(named),
    retry: retryOf(named),
  };
}

type Named = (name: string) => string | undefined;

function lockSettings(
  option: (key: keyof typeof NAMES) => string | undefined,
  named: Named,
  address: URL,
  ci: boolean,
): Pick<HttpSettings, 'lock' | 'unlock'> {
  const text = option('lockAddress');
  if (text === undefined) return {};
  const lock = readUrl(text);
  const unlockText = option('unlockAddress') ?? text;
  const unlock = readUrl(unlockText);
  if (ci) {
    if (named('LOCK_ADDRESS') !== text && !isBelow(lock, address)) throw notNamed(lock);
    if (
      named('UNLOCK_ADDRESS') !== unlockText &&
      !isBelow(unlock, address) &&
      !sameAddress(unlock, lock)
    )
      throw notNamed(unlock);
  }
  return {
    lock: { address: lock, method: methodOf(option('lockMethod') ?? 'LOCK') },
    unlock: { address: unlock, method: methodOf(option('unlockMethod') ?? 'UNLOCK') },
  };
}

function authorizationOf(
  username: string | undefined,
  named: Named,
  { username: user, password }: URL,
): string | undefined {
  const token = named('TOKEN');
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token))
    throw badSetting('MUSTER_HTTP_TOKEN holds characters that no token has (it is not shown)');
  if (token !== undefined) return `Bearer ${token}`;
  const name = username ?? decodeURIComponent(user);
  const secret = named('PASSWORD') ?? decodeURIComponent(password);
  if (name === '' && secret === '') return undefined;
  return `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;
}

function tlsOf(named: Named): HttpSettings['tls'] {
  const ca = named('CLIENT_CA_CERTIFICATE_PEM');
  const cert = named('CLIENT_CERTIFICATE_PEM');
  const key = named('CLIENT_PRIVATE_KEY_PEM');
  if ((cert === undefined) !== (key === undefined))
    throw badSetting(
      'of MUSTER_HTTP_CLIENT_CERTIFICATE_PEM and MUSTER_HTTP_CLIENT_PRIVATE_KEY_PEM only one is set',
    );
  for (const [name, pem] of Object.entries({
    CA_CERTIFICATE: ca,
    CERTIFICATE: cert,
    PRIVATE_KEY: key,
  }))
    if (pem !== undefined && !pem.includes('-----BEGIN '))
      throw badSetting(
        `MUSTER_HTTP_CLIENT_${name}_PEM is no PEM text: that begins with "-----BEGIN" (a path is not followed)`,
      );
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

/** Seconds in the environment, as Terraform has them. */
function retryOf(named: Named): HttpSettings['retry'] {
  const number = (name: string, fallback: number, most: number) => {
    const text = named(name);
    if (text === undefined) return fallback;
    const value = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    if (value <= most) return value;
    throw badSetting(`MUSTER_HTTP_${name} or TF_HTTP_${name} is not a whole number up to ${most}`);
  };
  const minMs = number('RETRY_WAIT_MIN', 1, 3600) * 1000;
  const maxMs = number('RETRY_WAIT_MAX', 30, 3600) * 1000;
  return { max: number('RETRY_MAX', 2, 100), minMs, maxMs: Math.max(minMs, maxMs) };
}

function givenIn(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}

/**
 * Addresses of the environment are about the place that the declaration names, not about one that was typed; and its
 * credentials go to another server only when none is named.
 */
function forTyped(address: string, env: Env): Env {
  const named = [env.MUSTER_HTTP_ADDRESS, env.TF_HTTP_ADDRESS].flatMap(
    (text) => givenIn(text) ?? [],
  );
  const isElsewhere = named.every((each) => readUrl(each).origin !== readUrl(address).origin);
  const left = named.length > 0 && isElsewhere ? /_HTTP_/ : /_HTTP_.*ADDRESS$/;
  return Object.fromEntries(Object.entries(env).filter(([name]) => !left.test(name)));
}

function methodOf(text: string): string {
  if (/^[A-Za-z]{1,20}$/.test(text)) return text.toUpperCase();
  throw badSetting(`"${text.slice(0, 20)}" is no HTTP method`);
}

function badSetting(message: string): DiagnosticsError {
  const remedy = 'Correct it in the environment (or the CI settings).';
  return new DiagnosticsError([problem('bad-setting', message, remedy, ['Nothing was sent.'])]);
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'https:' || url?.protocol === 'http:') return url;
  const message = 'the address of the state is not an http or https address';
  throw new DiagnosticsError([problem('bad-address', message, 'Correct state.address.')]);
}

function sameAddress(a: URL, b: URL): boolean {
  return a.origin === b.origin && a.pathname === b.pathname && a.search === b.search;
}

function isBelow(url: URL, address: URL): boolean {
  const folder = address.pathname.replace(/\/$/, '');
  const isInside = url.pathname === address.pathname || url.pathname.startsWith(`${folder}/`);
  return url.origin === address.origin && isInside;
}

function noAddress(): DiagnosticsError {
  const remedy = 'Set state.address in muster.yaml, or MUSTER_HTTP_ADDRESS.';
  return new DiagnosticsError([problem('no-address', 'the state has no address', remedy)]);
}

function notNamed(url: URL): DiagnosticsError {
  return new DiagnosticsError([
    problem(
      'address-not-named',
      `under CI credentials go only to addresses that the environment names, and ${url.origin}${url.pathname} stands only in the YAML`,
      'Set MUSTER_HTTP_ADDRESS (and MUSTER_HTTP_LOCK_ADDRESS) in the CI settings: the YAML of a pull request could name any address.',
      ['Nothing was sent.'],
    ),
  ]);
}
