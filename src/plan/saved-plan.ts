import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { digestOf } from '../model/digest.ts';
import { type Migrations, migrate } from '../model/migrations.ts';
import type { Plan, SavedPlan } from '../model/plan.ts';
import { reviewDigest } from './review-digest.ts';

/** The newest format of a saved plan that this Muster knows. */
const FORMAT = 1;

/**
 * From the first format on; there has been only one. A step that changes what a reviewer sees draws the review
 * digest anew: who agreed to the former one with --expect-digest is then asked to review again.
 */
const MIGRATIONS: Migrations = {};

/** A plan in its envelope, sealed by the file digest. Times are ms since the epoch. */
export function savePlan(
  plan: Plan,
  envelope: Omit<SavedPlan, 'format' | 'kind' | 'plan' | 'fileDigest'>,
): SavedPlan {
  const content = { format: 1 as const, kind: 'muster-plan' as const, ...envelope, plan };
  return { ...content, fileDigest: digestOf(content) };
}

/**
 * Reads a saved plan. Throws DiagnosticsError: exit 1 when it is no plan file (empty, cut off, a format
 * that can't be read), exit 3 when its content is not what was saved. An older one is brought to today's format
 * after its seal was checked, and sealed anew.
 */
export function readSavedPlan(text: string, migrations = MIGRATIONS): SavedPlan {
  const stored = parse(text);
  if (!isObject(stored) || stored.kind !== 'muster-plan') throw notAPlan();
  const migrated = migrate(stored, FORMAT, migrations);
  if (migrated.kind === 'newer') throw newerFormat(migrated.format, stored.toolVersion);
  if (migrated.kind === 'older')
    throw unreadable(`its format ${migrated.format} is too old for this Muster`);
  const { fileDigest: seal, ...sealed } = stored;
  if (typeof seal !== 'string') throw notAPlan();
  if (digestOf(sealed) !== seal) throw tampered('its digest does not match its content');
  if (migrated.kind === 'broken') throw unreadable(migrated.problem);
  const { value, from } = migrated;
  const content = from === undefined ? value : sealedAnew(value);
  if (!isEnvelope(content)) throw notAPlan();
  const { reviewDigest: shown, ...plan } = content.plan;
  if (reviewDigest(plan) !== shown)
    throw tampered('its review digest does not match what it would do');
  return content;
}

function sealedAnew(value: unknown): unknown {
  if (!isObject(value)) return value;
  const { fileDigest: _, ...content } = value;
  return { ...content, fileDigest: digestOf(content) };
}

function parse(text: string): unknown {
  if (text.trim() === '') throw unreadable('it is empty');
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable('it is not JSON, or cut off');
  }
}

/** Enough to tell a plan from anything else; the digest then vouches for every member. */
function isEnvelope(value: unknown): value is SavedPlan {
  if (!isObject(value) || value.format !== FORMAT) return false;
  const { plan, lineage, serial } = value;
  return (
    typeof lineage === 'string' &&
    typeof serial === 'number' &&
    isObject(plan) &&
    Array.isArray(plan.workers) &&
    plan.workers.every((worker) => isObject(worker) && Array.isArray(worker.actions)) &&
    isObject(plan.options) &&
    isObject(plan.cluster)
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

function notAPlan(): DiagnosticsError {
  return unreadable('it is not a plan that Muster saved');
}

function unreadable(why: string): DiagnosticsError {
  return new DiagnosticsError([
    problem('plan-unreadable', `the plan file can't be read: ${why}`, 'Plan again with --out.'),
  ]);
}

function newerFormat(format: number, toolVersion: unknown): DiagnosticsError {
  const saved = typeof toolVersion === 'string' ? ` by Muster ${toolVersion}` : '';
  return new DiagnosticsError([
    problem(
      'plan-newer',
      `the plan file has format ${format}, and this Muster knows format ${FORMAT}`,
      'Apply it with the Muster that saved it, or plan again with this one.',
      [`It was saved${saved}.`, 'Nothing was changed.'],
    ),
  ]);
}

function tampered(why: string): DiagnosticsError {
  return new DiagnosticsError(
    [
      problem(
        'plan-tampered',
        `the plan file was changed after it was saved: ${why}`,
        'Plan again with --out, and have that reviewed.',
        ['Nothing was changed.'],
      ),
    ],
    3,
  );
}
