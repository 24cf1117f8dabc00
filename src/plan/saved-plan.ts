import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { digestOf } from '../model/digest.ts';
import type { Plan, SavedPlan } from '../model/plan.ts';
import { reviewDigest } from './review-digest.ts';

/** A plan in its envelope, sealed by the file digest. Times are ms since the epoch. */
export function savePlan(
  plan: Plan,
  envelope: Pick<SavedPlan, 'toolVersion' | 'lineage' | 'serial' | 'createdAt' | 'commit'>,
): SavedPlan {
  const content = { format: 1 as const, kind: 'muster-plan' as const, ...envelope, plan };
  return { ...content, fileDigest: digestOf(content) };
}

/**
 * Reads a saved plan. Throws DiagnosticsError: exit 1 when it is no plan file (empty, cut off, another format),
 * exit 3 when its content is not what was saved.
 */
export function readSavedPlan(text: string): SavedPlan {
  const content = parse(text);
  if (!isEnvelope(content)) throw unreadable('it is not a plan that Muster saved');
  if (content.format !== 1) throw otherFormat(content.format, content.toolVersion);
  const { fileDigest, ...sealed } = content;
  if (digestOf(sealed) !== fileDigest) throw tampered('its digest does not match its content');
  const { reviewDigest: shown, ...plan } = content.plan;
  if (reviewDigest(plan) !== shown)
    throw tampered('its review digest does not match what it would do');
  return content;
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
  if (!isObject(value) || value.kind !== 'muster-plan') return false;
  const { plan, fileDigest, lineage, serial } = value;
  return (
    typeof fileDigest === 'string' &&
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

function unreadable(why: string): DiagnosticsError {
  return new DiagnosticsError([
    problem('plan-unreadable', `the plan file can't be read: ${why}`, 'Plan again with --out.'),
  ]);
}

/** Format 1 is the first, so another one is a newer Muster's. */
function otherFormat(format: unknown, toolVersion: unknown): DiagnosticsError {
  const saved = typeof toolVersion === 'string' ? ` by Muster ${toolVersion}` : '';
  return new DiagnosticsError([
    problem(
      'plan-newer',
      `the plan file has format ${String(format)}, and this Muster knows format 1`,
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
