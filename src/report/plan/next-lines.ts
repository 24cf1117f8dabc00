import type { Plan } from '../../model/plan.ts';
import { anythingToDo } from '../../model/plan-counts.ts';
import { escapeTerminal } from '../escape/terminal.ts';
import { padEnd, widthOf } from '../layout.ts';
import { count, listing, shellWord } from '../words.ts';

export interface NextView {
  /** "muster -e production": what every command to type begins with. */
  readonly program: string;
  /** The flags that this plan was made with, as typed: "--test --target backup-pve1". */
  readonly flags: string;
  /** The saved plan's file, as typed. */
  readonly savedAs?: string;
}

/** "Saved …" and "Next …": what to type now. Nothing when there is nothing to do. */
export function nextLines(plan: Plan, view: NextView): readonly string[] {
  const digest = plan.reviewDigest.slice(0, 16);
  const saved =
    view.savedAs === undefined
      ? []
      : [`${padEnd('Saved', 11)}${escapeTerminal(view.savedAs)}   review digest ${digest}`];
  const commands = plan.refusals.length > 0 ? [] : commandsFor(plan, view);
  const width = Math.max(0, ...commands.map(([command]) => widthOf(command)));
  const next = commands.map(([command, words], index) => {
    const head = padEnd(index === 0 ? 'Next' : '', 11);
    return `${head}${padEnd(command, width)}    ${words}`;
  });
  return [...saved, ...next];
}

function commandsFor(plan: Plan, view: NextView): readonly (readonly [string, string])[] {
  const { program, savedAs } = view;
  const waiting = waitingWorkers(plan);
  if (!anythingToDo(plan) && waiting.length === 0) return [];
  const flags = view.flags === '' ? '' : ` ${view.flags}`;
  // Nothing of it can be applied.
  if (plan.preflight.some(({ result }) => result === 'fail'))
    return [[`${program} plan${flags}`, 'when what FAILED is mended']];
  if (savedAs === undefined) {
    return [
      [`${program} apply${flags}`, 'plan again, ask, apply'],
      [`${program} plan${flags} --out muster.plan`, 'save it, to apply what was reviewed'],
    ];
  }
  const apply = `${program} apply ${shellWord(savedAs)}`;
  const workers = plan.workers.filter((each) => each.held === undefined && each.actions.length > 0);
  const left = plan.workers.filter((each) => each.held !== undefined && each.actions.length > 0);
  const leaves = left.length === 0 ? '' : `; leaves ${names(left.map((each) => each.worker))}`;
  return [
    ...(anythingToDo(plan)
      ? [
          [
            apply,
            `${workers.length === 1 ? 'this worker' : `these ${count(workers.length, 'worker')}`}${leaves}`,
          ] as const,
        ]
      : []),
    ...(waiting.length === 0
      ? []
      : [[`${apply} --wait 3h`, `also ${names(waiting)}, when idle`] as const]),
    [`${program} show ${shellWord(savedAs)} --verbose`, 'every attribute'] as const,
  ];
}

/** Held by something that passes. */
function waitingWorkers(plan: Plan): readonly string[] {
  return plan.workers
    .filter(
      ({ held, actions }) =>
        actions.length > 0 && (held?.why === 'leased' || held?.why === 'locked'),
    )
    .map(({ worker }) => worker);
}

function names(workers: readonly string[]): string {
  return escapeTerminal(listing(workers, 2));
}
