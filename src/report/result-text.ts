import type { Diagnostic } from '../model/diagnostic.ts';
import type { ActionKind } from '../model/plan.ts';
import { strongest } from '../model/plan-counts.ts';
import { formatDuration } from '../model/quantity.ts';
import type { ApplyResult, WorkerOutcome } from '../model/result.ts';
import { diagnosticText } from './diagnostic-text.ts';
import { escapeTerminal } from './escape/terminal.ts';
import { clip, indented, labelled, MAX_COLUMNS, table } from './layout.ts';
import type { Paint } from './paint.ts';
import { patchWord } from './patch-word.ts';
import { count, listing } from './words.ts';

export interface ResultView {
  readonly program: string;
  readonly paint: Paint;
}

/** How an apply ended: one line per worker, failures first and explained, the closing line, the next command. */
export function resultText(result: ApplyResult, view: ResultView): string {
  const outcomes = [...result.outcomes].sort((a, b) => rankOf(a) - rankOf(b));
  const blocks = [
    resultTable(outcomes, view.paint),
    outcomes.flatMap((outcome) => explanation(outcome, view.paint)),
    closingLines(result, view.paint),
  ].filter((block) => block.length > 0);
  const next = nextCommands(result, view.program);
  const lines = blocks.flatMap((block, index) => (index === 0 ? block : ['', ...block]));
  const single = [...lines, ...next].filter(
    (line, index, all) => line !== '' || all[index - 1] !== '',
  );
  return `${single.join('\n')}\n`;
}

/** Failures first, then what was left undone, then the rest; the order of names stays. */
function rankOf(outcome: WorkerOutcome): number {
  if (outcome.result === 'failed' || outcome.result === 'interrupted') return 0;
  if (testFailed(outcome) || patchFailed(outcome)) return 1;
  return outcome.result === 'done' ? 3 : 2;
}

export function testFailed(outcome: WorkerOutcome): boolean {
  return outcome.test?.result === 'failed';
}

function patchFailed(outcome: WorkerOutcome): boolean {
  return outcome.patch?.result === 'failed';
}

function resultTable(outcomes: readonly WorkerOutcome[], paint: Paint): readonly string[] {
  if (outcomes.length === 0) return [];
  const tested = outcomes.some(
    ({ test, actions }) => test !== undefined || actions.includes('test'),
  );
  const head = [
    'Worker',
    'Status',
    'Node',
    'VM',
    ...(tested ? ['Test', 'Patched'] : []),
    'Took',
    '',
  ];
  const rows = outcomes.map((outcome) => [
    escapeTerminal(outcome.worker),
    outcome.status,
    escapeTerminal(outcome.node),
    outcome.vmid === undefined ? '' : String(outcome.vmid),
    ...(tested ? [testWord(outcome), patchWord(outcome.patch)] : []),
    formatDuration(outcome.tookMs),
    remarkOf(outcome),
  ]);
  const [header = '', ...lines] = table([head, ...rows]).map((line) => clip(line, MAX_COLUMNS));
  return [
    paint.bold(header),
    ...lines.map((line, index) => {
      const outcome = outcomes[index];
      return outcome !== undefined && rankOf(outcome) < 2 ? paint.red(line) : line;
    }),
  ];
}

function testWord(outcome: WorkerOutcome): string {
  if (outcome.test === undefined) return outcome.actions.includes('test') ? 'not run' : '';
  return outcome.test.result === 'failed' ? 'FAILED' : 'passed';
}

function remarkOf(outcome: WorkerOutcome): string {
  const failedCheck = outcome.test?.checks.find(({ result }) => result === 'fail');
  if (outcome.result === 'done')
    return failedCheck === undefined ? '' : escapeTerminal(failedCheck.id);
  const words = outcome.result === 'failed' ? 'FAILED' : outcome.result;
  const what = outcome.actions.join(', ');
  return what === '' ? words : `${what}: ${words}`;
}

/** What went wrong, in full, below the table. */
function explanation(outcome: WorkerOutcome, paint: Paint): readonly string[] {
  if (outcome.result === 'done') return failedChecks(outcome);
  if (outcome.error === undefined && outcome.detail === undefined) return [];
  const failed = outcome.result === 'failed' || outcome.result === 'interrupted';
  const diagnostic: Diagnostic = {
    severity: failed ? 'error' : 'warning',
    code: outcome.result,
    message: `${outcome.worker}: ${outcome.error ?? outcome.result}`,
    labels: [],
    ...(outcome.detail === undefined ? {} : { detail: outcome.detail }),
    ...(outcome.remedy === undefined ? {} : { remedy: outcome.remedy }),
  };
  return diagnosticText(diagnostic, paint);
}

function failedChecks(outcome: WorkerOutcome): readonly string[] {
  const checks = outcome.test?.checks.filter(({ result }) => result === 'fail') ?? [];
  return checks.flatMap((check) => [
    ...indented(`${escapeTerminal(outcome.worker)}: "${escapeTerminal(check.id)}" failed`, 0),
    ...indented(`seen:  ${escapeTerminal(check.seen)}`, 2),
    ...(check.hint === undefined ? [] : indented(`hint:  ${escapeTerminal(check.hint)}`, 2)),
  ]);
}

function closingLines(result: ApplyResult, paint: Paint): readonly string[] {
  const { outcomes, interrupted } = result;
  const done = outcomes.filter((each) => each.result === 'done');
  const left = ['failed', 'interrupted', 'stale', 'skipped', 'held'] as const;
  const undone = left.flatMap((kind) => {
    const number = outcomes.filter((each) => each.result === kind).length;
    return number === 0 ? [] : [`${number} ${kind === 'failed' ? 'FAILED' : kind}`];
  });
  const tests = outcomes.filter((each) => each.test !== undefined);
  const failedTests = tests.filter(testFailed).length;
  const sentences = [
    `${interrupted ? 'Interrupted' : 'Applied'}: ${[...doneCounts(done), ...undone].join(', ')}.`,
    ...(tests.length === 0
      ? []
      : [
          `Tests: ${tests.length - failedTests} passed${failedTests > 0 ? `, ${failedTests} FAILED` : ''}.`,
        ]),
    runningSentence(result),
  ];
  return indented(sentences.join(' '), 0).map(paint.bold);
}

/** What is still on because work goes on in it is no leftover, and must not be passed over either. */
function runningSentence({ leftRunning, outcomes }: ApplyResult): string {
  const named = (workers: readonly string[]): string =>
    workers.length === 0 ? '' : `: ${escapeTerminal(listing(workers))}`;
  const working = outcomes.filter(({ isWorking }) => isWorking === true).map((each) => each.worker);
  const left = `${count(leftRunning.length, 'worker')} left running${named(leftRunning)}`;
  if (working.length === 0) return `${left}.`;
  return `${left}; ${working.length} still at work${named(working)}.`;
}

/** "0 destroyed, 0 replaced, 3 deployed": by the strongest action. */
function doneCounts(done: readonly WorkerOutcome[]): readonly string[] {
  const number = (...kinds: readonly ActionKind[]) =>
    done.filter(({ actions }) => {
      const kind = strongest(actions);
      return kind !== undefined && kinds.includes(kind);
    }).length;
  const optional: readonly (readonly [number, string])[] = [
    [number('shutdown'), 'powered off'],
    [number('update', 'adopt', 'rename'), 'changed'],
    [number('deploy'), 'deployed'],
    [number('configure'), 'configured'],
    [number('test'), 'tested'],
    [number('forget'), 'forgotten'],
  ];
  return [
    `${number('destroy')} destroyed`,
    `${number('replace')} replaced`,
    ...optional.filter(([n]) => n > 0).map(([n, words]) => `${n} ${words}`),
  ];
}

function nextCommands(result: ApplyResult, program: string): readonly string[] {
  const failedTests = result.outcomes.filter((each) => each.result === 'done' && testFailed(each));
  const names = failedTests.map(({ worker }) => worker);
  if (result.leftRunning.length > 0) {
    return labelled(
      'Next',
      `${program} shutdown ${result.leftRunning.slice(0, 5).map(escapeTerminal).join(' ')}`,
      9,
    );
  }
  if (result.outcomes.some((each) => each.result !== 'done') || result.interrupted) {
    return labelled('Next', `${program} plan, which shows what is left`, 9);
  }
  if (names.length === 0) return [];
  const few = names.length <= 5 ? ` ${names.map(escapeTerminal).join(' ')}` : '';
  return labelled('Next', `mend what the hints name, then: ${program} test${few}`, 9);
}
