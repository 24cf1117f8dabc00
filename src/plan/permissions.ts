import type { Permissions } from '../model/inventory.ts';
import { byCodeUnit } from '../model/json.ts';
import { lookup } from '../model/lookup.ts';
import type { PrivilegeNeed } from './privileges.ts';

/** Privileges that are missing on one path. */
export interface Lack {
  readonly path: string;
  readonly privileges: readonly string[];
}

/** What the token lacks of these needs, by path; sorted. A VM's pool (`pool`) gives its privileges to the VM. */
export function lacking(
  needs: readonly PrivilegeNeed[],
  permissions: Permissions,
  pool: string | undefined,
): readonly Lack[] {
  const missing = new Map<string, Set<string>>();
  const atRoot = privilegesOn('/', permissions, undefined);
  for (const { path, anyOf, orAtRoot } of needs) {
    const held = privilegesOn(path, permissions, pool);
    if (anyOf.some((privilege) => held.has(privilege))) continue;
    if (orAtRoot?.every((privilege) => atRoot.has(privilege)) === true) continue;
    const lack = missing.get(path) ?? new Set();
    lack.add(anyOf[0]);
    missing.set(path, lack);
  }
  return [...missing]
    .sort(([a], [b]) => byCodeUnit(a, b))
    .map(([path, privileges]) => ({ path, privileges: [...privileges].sort(byCodeUnit) }));
}

/** A token with no rights at all: mostly one with privilege separation that nobody gave any (P42). */
export function hasNothing(permissions: Permissions): boolean {
  return Object.values(permissions).every((privileges) => privileges.length === 0);
}

/** PVE lists the paths that have rights of their own; others have those of the nearest path above. */
function privilegesOn(
  path: string,
  permissions: Permissions,
  pool: string | undefined,
): ReadonlySet<string> {
  const ofPool =
    pool !== undefined && path.startsWith('/vms') ? nearest(`/pool/${pool}`, permissions) : [];
  return new Set([
    ...(path.includes('/*/') ? ofAny(path, permissions) : nearest(path, permissions)),
    ...ofPool,
  ]);
}

/** `*` stands for one name that is not known: what holds for any of those with rights of their own counts. */
function ofAny(path: string, permissions: Permissions): readonly string[] {
  const [above = '', below = ''] = path.split('/*/');
  const names = Object.keys(permissions).flatMap((known) =>
    known.startsWith(`${above}/`) ? [known.slice(above.length + 1).replace(/\/.*$/, '')] : [],
  );
  return [...new Set([...names, '*'])].flatMap((name) =>
    nearest(`${above}/${name}/${below}`, permissions),
  );
}

function nearest(path: string, permissions: Permissions): readonly string[] {
  for (let at = path; ; at = at.slice(0, at.lastIndexOf('/'))) {
    const own = lookup(permissions, at === '' ? '/' : at);
    if (own !== undefined) return own;
    if (at === '') return [];
  }
}
