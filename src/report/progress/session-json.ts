import type { Json } from '../../model/json.ts';
import type { SessionPlan } from '../../model/session-plan.ts';
import type { SessionResult } from '../../model/session-result.ts';
import { count } from '../words.ts';
import { base, diagnosticMessage, type JsonMessage } from './json-message.ts';
import { versionMessage } from './plan-messages.ts';

/** What a session will do, before its first effect. */
export function sessionPlanMessages(session: SessionPlan, version: string): readonly JsonMessage[] {
  const warnings = session.warnings.map((each) => diagnosticMessage(each));
  return [versionMessage(version), sessionPlanMessage(session), ...warnings];
}

/** Why it would not run. */
export function refusalMessages({ refusals }: SessionPlan): readonly JsonMessage[] {
  return refusals.map(({ diagnostic }) => diagnosticMessage(diagnostic));
}

function sessionPlanMessage(session: SessionPlan): JsonMessage {
  const facts = `${count(session.items.length, 'item')}, ${count(session.workers.length, 'worker')}`;
  const message = `Session ${session.session}: ${facts}`;
  return { ...base('info', 'session_plan', message), session: jsonOf(session) };
}

/** How it ended; `result` is what schemas/session.schema.json describes. */
export function sessionResultMessage(result: SessionResult): JsonMessage {
  const ok = result.items.filter((item) => item.result === 'ok').length;
  const level = ok === result.items.length ? 'info' : 'error';
  const message = `Session ${result.id}: ${result.outcome}, ${ok} of ${count(result.items.length, 'item')} ok`;
  const document = { format: 1, document: 'muster-session', ...result };
  return { ...base(level, 'session_result', message), result: jsonOf(document) };
}

function jsonOf(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}
