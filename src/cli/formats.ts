import type { SavedPlan } from '../model/plan.ts';
import { jsonDocument } from '../report/escape/json.ts';
import { type PlanView, planText } from '../report/plan/plan-text.ts';

/** `--format` of plan and show. A new format is one more line. */
export const FORMATS = {
  text: (saved: SavedPlan, view: PlanView) => planText(saved.plan, view),
  json: (saved: SavedPlan) => jsonDocument(saved),
} as const;

export type Format = keyof typeof FORMATS;

export const FORMAT_NAMES: readonly Format[] = ['text', 'json'];
