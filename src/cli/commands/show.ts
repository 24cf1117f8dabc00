import { readSavedPlan } from '../../plan/saved-plan.ts';
import { jsonDocument } from '../../report/escape/json.ts';
import { formatLines } from '../../report/plan/headline.ts';
import { statusTable } from '../../report/status-text.ts';
import { choiceOf } from '../flags.ts';
import { FORMAT_NAMES, renderPlan } from '../formats.ts';
import type { Invocation } from '../invocation.ts';
import { loadProject, openState } from '../load-project.ts';
import { markdownView } from '../markdown-view.ts';
import { stateView } from '../state-view.ts';
import { statusRows } from '../status-rows.ts';
import { readUserFile } from '../user-file.ts';

/** A saved plan as it was planned, or what the state records. Asks no cluster. */
export async function runShow(invocation: Invocation): Promise<number> {
  const { context, globals, flags, args } = invocation;
  const format = choiceOf(flags, 'format', FORMAT_NAMES) ?? (globals.json ? 'json' : 'text');
  const [file] = args;
  if (file === undefined) return showState(invocation, format === 'json');
  const saved = readSavedPlan(await readUserFile(invocation, file));
  const { verbose, paint, program } = globals;
  const state = { where: 'as planned', serial: saved.serial, olderFormat: saved.stateFormat };
  const next = { program, flags: '', savedAs: file };
  context.stdout.write(
    renderPlan(format, saved, { state, verbose, paint, next, ...markdownView(invocation) }),
  );
  return 0;
}

async function showState(invocation: Invocation, json: boolean): Promise<number> {
  const { context, globals } = invocation;
  const project = await loadProject(invocation);
  const store = await openState(invocation, project, 'muster show');
  const { state, older } = await store.read();
  if (json) {
    context.stdout.write(jsonDocument(state ?? null));
    return 0;
  }
  const view = stateView(store.where, globals.root, state, older?.format);
  const { where, serial } = view;
  const head = `State  ${where}: ${serial === undefined ? 'nothing recorded yet' : `serial ${serial}`}\n`;
  const now = context.clock.now();
  const rows = state === undefined ? [] : statusRows({ state, desired: [], findings: [], now });
  const table = statusTable(rows, globals.paint);
  context.stdout.write(
    [head, ...[...formatLines(view), ...table].map((line) => `${line}\n`)].join(''),
  );
  return 0;
}
