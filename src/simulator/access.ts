import { ApiError, forbidden } from './api-error.ts';
import { builtInRoles } from './schema/roles.ts';
import type { Check } from './schema/types.ts';
import type { World } from './world.ts';

/** Who asks. */
export interface Caller {
  /** user@realm */
  readonly user: string;
  /** user@realm!id for a token, else the user. */
  readonly auth: string;
  readonly tokenId?: string;
  readonly privsep: boolean;
}

type Headers = Readonly<Record<string, string>>;

const allPrivileges: readonly string[] = (builtInRoles.Administrator ?? '').split(',');

/** Up to PVE 8 one privilege stood for everything that an agent does. */
export function privilegesOf(version: string, names: readonly string[]): string[] {
  if (!version.startsWith('8.')) return [...names];
  return [
    ...new Set(names.map((name) => (name.startsWith('VM.GuestAgent.') ? 'VM.Monitor' : name))),
  ];
}

const NOBODY: Caller = { user: '', auth: '', privsep: false };

/** Throws the 401 that a real server gives after its delay. */
export function authenticate(world: World, headers: Headers, method: string): Caller {
  const header = headers.authorization;
  const token = header === undefined ? null : /^PVEAPIToken[ =](.*)$/.exec(header);
  if (token) return authenticateToken(world, token[1] ?? '');
  const cookie = /PVEAuthCookie=([^;]+)/.exec(headers.cookie ?? '')?.[1];
  if (cookie === undefined) throw unauthorized(world, 'No ticket');
  const ticket = /^PVE:([^:]+):/.exec(decodeURIComponent(cookie));
  const user = ticket?.[1] ?? '';
  if (decodeURIComponent(cookie) !== ticketOf(user) || world.access.users[user] === undefined) {
    throw unauthorized(world, 'Authentication failed!');
  }
  if (method !== 'GET' && headers.csrfpreventiontoken !== csrfOf(user)) {
    throw unauthorized(world, 'Permission denied - invalid csrf token');
  }
  return { user, auth: user, privsep: false };
}

function authenticateToken(world: World, text: string): Caller {
  const parts = /^([^!\s]+@[^!\s]+)!([^=]+)=(.*)$/.exec(text);
  if (!parts) throw unauthorized(world, 'Authentication failed!');
  const [, user = '', id = '', secret = ''] = parts;
  const token = world.access.tokens[`${user}!${id}`];
  const account = world.access.users[user];
  const nowSeconds = world.nowMs / 1000;
  const expired = (at: number) => at !== 0 && at <= nowSeconds;
  if (
    token === undefined ||
    token.secret !== secret ||
    expired(token.expire) ||
    !account?.enabled ||
    expired(account.expire)
  ) {
    throw unauthorized(world, 'Authentication failed!');
  }
  return { user, auth: `${user}!${id}`, tokenId: id, privsep: token.privsep };
}

function unauthorized(world: World, reason: string): ApiError {
  return new ApiError(401, reason, { afterMs: world.authDelayMs, bare: true });
}

export function ticketOf(user: string): string {
  return `PVE:${user}:00000000::simulated`;
}

export function csrfOf(user: string): string {
  return `00000000:${user}`;
}

export const nobody = NOBODY;

/** Only a ticket of root@pam is root; a root token isn't. */
export function isRoot(caller: Caller): boolean {
  return caller.auth === 'root@pam';
}

/** The effective privileges on a path. A pool's reach its VMs and storages. */
export function privilegesOn(world: World, caller: Caller, path: string): Set<string> {
  const own = ofIdentity(world, caller.user, path);
  if (caller.tokenId === undefined || !caller.privsep) return own;
  const token = ofIdentity(world, caller.auth, path);
  return new Set([...token].filter((privilege) => own.has(privilege)));
}

function ofIdentity(world: World, who: string, path: string): Set<string> {
  if (who === 'root@pam') return new Set(privilegesOf(world.cluster.version, allPrivileges));
  const found = nearestRoles(world, who, path);
  for (const pool of poolsOf(world, path)) {
    for (const privilege of nearestRoles(world, who, `/pool/${pool}`)) found.add(privilege);
  }
  return found;
}

/** The entries of the deepest path that has any win over those further up. */
function nearestRoles(world: World, who: string, path: string): Set<string> {
  const parts = path.split('/').filter((part) => part !== '');
  for (let depth = parts.length; depth >= 0; depth -= 1) {
    const here = `/${parts.slice(0, depth).join('/')}`;
    const entries = world.access.acls.filter(
      (acl) => acl.who === who && acl.path === here && (acl.propagate || depth === parts.length),
    );
    if (entries.length > 0) {
      return new Set(entries.flatMap((entry) => world.access.roles[entry.role] ?? []));
    }
  }
  return new Set();
}

function poolsOf(world: World, path: string): string[] {
  const vm = /^\/vms\/(\d+)$/.exec(path)?.[1];
  const storage = /^\/storage\/([^/]+)$/.exec(path)?.[1];
  return Object.values(world.pools)
    .filter(
      (pool) =>
        (vm !== undefined && pool.vms.includes(Number(vm))) ||
        (storage !== undefined && pool.storages.includes(storage)),
    )
    .map((pool) => pool.id);
}

export function may(world: World, caller: Caller, path: string, privilege: string): boolean {
  return privilegesOn(world, caller, path).has(privilege);
}

/** `may` for one privilege on many VMs: what doesn't depend on the VM is worked out once. */
export function mayOnVms(
  world: World,
  caller: Caller,
  privilege: string,
): (vmid: number) => boolean {
  const named = new Set(world.access.acls.map((acl) => acl.path));
  const usual = may(world, caller, '/vms/0', privilege);
  const pooled = new Set<number>();
  for (const pool of Object.values(world.pools)) {
    if (!usual) for (const vmid of pool.vms) pooled.add(vmid);
  }
  return (vmid) =>
    named.has(`/vms/${vmid}`) || pooled.has(vmid)
      ? may(world, caller, `/vms/${vmid}`, privilege)
      : usual;
}

/** Throws the 403 of a missing privilege; `any`: one of them is enough. */
export function demand(
  world: World,
  caller: Caller,
  path: string,
  names: readonly string[],
  any = false,
): void {
  const held = privilegesOn(world, caller, path);
  const wanted = privilegesOf(world.cluster.version, names);
  const enough = any
    ? wanted.some((privilege) => held.has(privilege))
    : wanted.every((privilege) => held.has(privilege));
  if (enough) return;
  const missing = any ? wanted.join('|') : (wanted.find((privilege) => !held.has(privilege)) ?? '');
  throw forbidden(`${path}, ${missing}`);
}

/** The check that an endpoint declares. */
export function demandDeclared(
  world: World,
  caller: Caller,
  check: Check,
  params: Readonly<Record<string, string>>,
): void {
  const failure = evaluate(world, caller, check, params, false);
  if (failure !== undefined) throw failure;
}

function evaluate(
  world: World,
  caller: Caller,
  check: Check,
  params: Readonly<Record<string, string>>,
  quiet: boolean,
): ApiError | undefined {
  if (check === null) return undefined;
  const [kind, ...rest] = check;
  if (kind === 'and' || kind === 'or') {
    const outcomes = rest.map((part) =>
      evaluate(world, caller, part as Check, params, quiet || kind === 'or'),
    );
    if (kind === 'and') return outcomes.find((outcome) => outcome !== undefined);
    return outcomes.some((outcome) => outcome === undefined) ? undefined : forbidden();
  }
  if (kind !== 'perm') return undefined;
  return evaluatePermission(world, caller, rest, params);
}

function evaluatePermission(
  world: World,
  caller: Caller,
  rest: readonly unknown[],
  params: Readonly<Record<string, string>>,
): ApiError | undefined {
  const [template, wanted, ...options] = rest as [string, readonly string[], ...unknown[]];
  const needed = options[options.indexOf('require_param') + 1];
  if (options.includes('require_param') && params[String(needed)] === undefined) return forbidden();
  const path = fillPath(template, params);
  try {
    if (path === undefined) throw forbidden(`, ${wanted.join('|')}`);
    const pool = /^\/pool\/(.+)$/.exec(path)?.[1];
    if (
      pool !== undefined &&
      options.includes('require_param') &&
      world.pools[pool] === undefined
    ) {
      throw forbidden(`pool '${pool}' does not exist`);
    }
    demand(world, caller, path, wanted, options.includes('any'));
    return undefined;
  } catch (error) {
    if (error instanceof ApiError) return error;
    throw error;
  }
}

/** undefined: a value that can't stand in a path. Root's checks are never reached with one. */
function fillPath(template: string, params: Readonly<Record<string, string>>): string | undefined {
  let bad = false;
  const path = template.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = params[name] ?? '';
    if (!/^[\w.\-@/]*$/.test(value)) bad = true;
    return value;
  });
  return bad ? undefined : path;
}
