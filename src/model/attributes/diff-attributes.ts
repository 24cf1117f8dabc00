import { byCodeUnit, type Json, sameJson } from '../json.ts';
import type { Cause, Change } from '../plan.ts';
import type { Attributes } from '../worker.ts';
import { costOf, fallbackOf, rankOf, rowOf } from './rows.ts';
import { sizeOf } from './rows-disk.ts';

/** The four views of one worker that a change is derived from. */
export interface Views {
  /** The declaration now. */
  readonly desired: Attributes;
  /** What the VM shows; undefined: there is no VM. */
  readonly found: Attributes | undefined;
  /** The declaration as last applied; undefined: never. */
  readonly declaredBefore: Attributes | undefined;
  /** What the VM showed after the last apply; undefined: not known. */
  readonly observed: Attributes | undefined;
}

/**
 * All changes, in the order of the rows. Compared are the paths that are declared now or were when last
 * applied; whatever else the VM shows is nobody's business here. A path that left the declaration goes back
 * to PVE's default.
 */
export function diffAttributes(views: Views): readonly Change[] {
  const paths = new Set([
    ...Object.keys(views.desired),
    ...Object.keys(views.declaredBefore ?? {}),
  ]);
  return [...paths].sort((a, b) => byOrder(a, b)).flatMap((path) => changeOf(path, views) ?? []);
}

/**
 * The first changes of a VM that was just made from an image: everything that is declared, and the image's
 * NICs beyond the declared ones go. Record-only changes are not among them.
 */
export function firstChanges(desired: Attributes, found: Attributes): readonly Change[] {
  const nics = Object.entries(found).filter(
    ([path]) => path.startsWith('networks[') && !(path in desired),
  );
  const views = { desired, found, declaredBefore: Object.fromEntries(nics), observed: undefined };
  return diffAttributes(views).filter(({ cost }) => cost !== 'record');
}

function changeOf(path: string, views: Views): Change | undefined {
  const { found, declaredBefore } = views;
  const row = rowOf(path);
  const want = views.desired[path] ?? null;
  const declared = declaredBefore?.[path] ?? null;
  if (found === undefined || row?.read === undefined)
    return sameJson(declared, want) ? undefined : recordChange(path, declared, want);
  const after = path in views.desired ? want : unsetOf(path, views.desired);
  const before = found[path] ?? null;
  if ((row.same ?? sameJson)(after, before) || isDefault(path, after, before))
    return declaredBefore === undefined || sameJson(declared, want)
      ? undefined
      : recordChange(path, declared, want);
  const applied = views.observed?.[path];
  return {
    path,
    before,
    after: plain(path, after),
    causes: causesOf(path, views, before),
    cost: costOf(path, before, after),
    ...(applied === undefined || sameJson(applied, before) ? {} : { applied }),
  };
}

/** PVE may drop a written default, and shows the default of what is unset. */
function isDefault(path: string, after: Json, before: Json): boolean {
  const fallback = fallbackOf(path);
  return sameJson(after ?? fallback, before ?? fallback);
}

/** What a path that is not declared (any more) goes back to; with its NIC, everything of the NIC goes. */
function unsetOf(path: string, desired: Attributes): Json {
  const nic = /^networks\[\d+\]/.exec(path)?.[0];
  return nic !== undefined && !(`${nic}.bridge` in desired) ? null : fallbackOf(path);
}

/** The VM is right already, or there is none: only the record follows the declaration. */
function recordChange(path: string, before: Json, after: Json): Change {
  const [from, to] = [plain(path, before), plain(path, after)];
  return { path, before: from, after: to, causes: ['declaration'], cost: 'record' };
}

function causesOf(path: string, views: Views, before: Json): readonly Cause[] {
  const { desired, declaredBefore, observed } = views;
  const declared = !sameJson(declaredBefore?.[path] ?? null, desired[path] ?? null);
  const drifted = observed !== undefined && !sameJson(observed[path] ?? null, before);
  const causes: readonly Cause[] = [
    ...(declared ? (['declaration'] as const) : []),
    ...(drifted ? (['drift'] as const) : []),
  ];
  return causes.length > 0 ? causes : ['tool'];
}

/** A size floor is shown, and written, as the size. */
function plain(path: string, value: Json): Json {
  return path === 'disk.size' ? (sizeOf(value) ?? null) : value;
}

function byOrder(a: string, b: string): number {
  const order = rankOf(a) - rankOf(b);
  return order !== 0 ? order : byCodeUnit(a, b);
}
