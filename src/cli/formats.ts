import type { SavedPlan } from '../model/plan.ts';
import { jsonDocument } from '../report/escape/json.ts';
import { htmlPlan } from '../report/html/html-plan.ts';
import { type MarkdownView, planMarkdown } from '../report/markdown/plan-markdown.ts';
import { type PlanView, planText } from '../report/plan/plan-text.ts';
import { gitlabReport } from '../report/terraform/gitlab-report.ts';
import { terraformPlan } from '../report/terraform/plan-json.ts';

/** What any of the formats may want to know besides the plan. */
export type FormatView = PlanView & MarkdownView;

/** `--format` of plan and show. A new format is one more line. */
export const FORMATS = {
  text: (saved: SavedPlan, view: FormatView) => planText(saved.plan, view),
  markdown: (saved: SavedPlan, view: FormatView) => planMarkdown(saved, view),
  json: (saved: SavedPlan) => jsonDocument(saved),
  'terraform-json': (saved: SavedPlan) => terraformPlan(saved),
  html: (saved: SavedPlan, view: FormatView) => htmlPlan(saved, view),
  gitlab: (saved: SavedPlan) => gitlabReport(saved.plan),
} as const;

export type Format = keyof typeof FORMATS;

export const FORMAT_NAMES: readonly Format[] = [
  'text',
  'markdown',
  'json',
  'terraform-json',
  'html',
  'gitlab',
];
