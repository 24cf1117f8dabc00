import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { SavedPlan } from '../model/plan.ts';
import type { SessionPlan } from '../model/session-plan.ts';
import { jsonDocument } from '../report/escape/json.ts';
import { htmlPlan } from '../report/html/html-plan.ts';
import { htmlSessionPlan } from '../report/html/html-session.ts';
import { type MarkdownView, planMarkdown } from '../report/markdown/plan-markdown.ts';
import { sessionPlanMarkdown } from '../report/markdown/session-plan-markdown.ts';
import { contextLines } from '../report/plan/headline.ts';
import { type PlanView, planText } from '../report/plan/plan-text.ts';
import { type SessionPlanView, sessionPlanText } from '../report/session/session-plan-text.ts';
import { gitlabReport } from '../report/terraform/gitlab-report.ts';
import { terraformPlan } from '../report/terraform/plan-json.ts';

/** What any of the formats may want to know besides the plan. */
export type FormatView = PlanView & MarkdownView;

/** What of these a session is shown in. */
const SESSION_FORMATS: Readonly<Partial<Record<Format, typeof sessionText>>> = {
  text: sessionText,
  markdown: sessionMarkdown,
  json: (saved) => jsonDocument(saved),
  html: (saved, session, view) => htmlSessionPlan(saved, session, subjectOf(saved, view)),
};

/** A plan in one of the formats. Throws a DiagnosticsError when there is no such one for a session. */
export function renderPlan(format: Format, saved: SavedPlan, view: FormatView): string {
  const { session } = saved.plan;
  if (session === undefined) return FORMATS[format](saved, view);
  const render = SESSION_FORMATS[format];
  if (render !== undefined) return render(saved, session, view);
  const names = Object.keys(SESSION_FORMATS).join(', ');
  const message = `--format ${format}: a session is shown as one of ${names}`;
  throw new DiagnosticsError([problem('bad-flag', message, 'Choose one of them.')]);
}

function sessionText(saved: SavedPlan, session: SessionPlan, view: FormatView): string {
  const head = contextLines(saved.plan.cluster, view.state).join('\n');
  const { verbose, paint, next } = view;
  return `${head}\n${sessionPlanText(session, { verbose, paint, ...nextOf(saved, next) })}`;
}

function sessionMarkdown(saved: SavedPlan, session: SessionPlan, view: FormatView): string {
  return sessionPlanMarkdown(session, {
    ...subjectOf(saved, view),
    ...(view.maxBytes === undefined ? {} : { maxBytes: view.maxBytes }),
    ...(view.job === undefined ? {} : { job: view.job }),
    reviewDigest: saved.plan.reviewDigest,
    ...(saved.stateFormat === undefined ? {} : { stateFormat: saved.stateFormat }),
  });
}

function subjectOf({ plan }: SavedPlan, { next }: FormatView) {
  const { project, environment } = plan;
  return { project, environment, program: next?.program ?? 'muster' };
}

function nextOf({ plan }: SavedPlan, next: FormatView['next']): Partial<SessionPlanView> {
  return next === undefined ? {} : { next: { ...next, reviewDigest: plan.reviewDigest } };
}

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
