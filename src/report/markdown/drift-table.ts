import type { Json } from '../../model/json.ts';
import type { Change } from '../../model/plan.ts';
import type { DriftedWorker } from '../drift-text.ts';
import { codeSpan, markdownTable } from '../escape/markdown.ts';
import { diffSummary } from '../plan/text-diff.ts';
import { asText, isLong, valueText } from '../plan/value-text.ts';

const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  'left-running': ['off', 'running'],
  'run-lost': ['off', 'running'],
  'vm-gone': ['present', 'gone'],
};

/** What was changed outside Muster: one row per attribute. */
export function driftTable(workers: readonly DriftedWorker[]): string {
  const rows = workers.flatMap((worker) => {
    const name = codeSpan(worker.worker, 60);
    const shown = worker.changes.map((change) => [name, ...changeCells(change)]);
    const states = worker.changes.some(({ path }) => path === 'power')
      ? []
      : worker.reasons.map((reason) => {
          const [applied = '', found = reason] = REASONS[reason] ?? [];
          return [name, reason === 'vm-gone' ? 'VM' : 'power', applied, found];
        });
    return [...shown, ...states];
  });
  return markdownTable(['Worker', 'Attribute', 'When last applied', 'Found'], rows);
}

function changeCells({ path, before, after, applied }: Change): readonly string[] {
  const then = applied ?? after;
  if (isLong(then) || isLong(before)) {
    return [codeSpan(path, 60), 'text', diffSummary(asText(then), asText(before))];
  }
  return [codeSpan(path, 60), valueCell(path, then), valueCell(path, before)];
}

function valueCell(path: string, value: Json): string {
  const text = valueText(path, value);
  return /^[A-Za-z0-9][A-Za-z0-9 -]{0,40}$/.test(text) ? text : codeSpan(text);
}
