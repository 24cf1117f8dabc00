import type { PlanOptions } from '../../model/plan.ts';
import { anythingToDo } from '../../model/plan-counts.ts';
import { planMessages } from '../../report/progress/plan-messages.ts';
import { assemble, withProject } from '../assemble.ts';
import { checkSessionFlags } from '../check-flags.ts';
import { envelopeOf } from '../envelope.ts';
import { exitCodeOf } from '../exit-code.ts';
import { choiceOf, isSet, textOf } from '../flags.ts';
import { FORMAT_NAMES, type Format, renderPlan } from '../formats.ts';
import type { Invocation } from '../invocation.ts';
import { markdownView, orFailedMarkdown } from '../markdown-view.ts';
import { messageLines } from '../message-line.ts';
import { planAgainst } from '../plan-against.ts';
import { planFlags, planOptionsOf } from '../plan-options.ts';
import { isImpossible } from '../plan-verdict.ts';
import { planWithSession } from '../plan-with-session.ts';
import { writeUserFile } from '../user-file.ts';

/** Plans and shows; changes nothing but the file of `--out`. */
export async function runPlan(invocation: Invocation): Promise<number> {
  checkSessionFlags(invocation);
  const { globals, flags } = invocation;
  const hasSession = textOf(flags, 'with-session') !== undefined;
  const against = textOf(flags, 'against');
  if (against !== undefined) return planAgainst(invocation, against);
  const options = planOptionsOf(flags);
  // Undefined: as a stream of messages, which an apply tells too.
  const format = choiceOf(flags, 'format', FORMAT_NAMES) ?? (globals.json ? undefined : 'text');
  if (hasSession)
    return orFailedMarkdown(invocation, 'session', () => planWithSession(invocation, format));
  const work = () => planAndShow(invocation, options, format);
  return orFailedMarkdown(invocation, 'plan', work);
}

async function planAndShow(
  invocation: Invocation,
  options: PlanOptions,
  format: Format | undefined,
): Promise<number> {
  const { context, globals, flags } = invocation;
  return withProject(invocation, async (open) => {
    const assembled = await assemble(invocation, open, options);
    const { plan, stateView } = assembled;
    const saved = envelopeOf(invocation, plan, assembled);
    const out = textOf(flags, 'out');
    if (out !== undefined) await writeUserFile(invocation, out, `${JSON.stringify(saved)}\n`);
    const next = {
      program: globals.program,
      flags: planFlags(options),
      ...(out === undefined ? {} : { savedAs: out }),
    };
    const view = {
      state: stateView,
      verbose: globals.verbose,
      paint: globals.paint,
      next,
      ...markdownView(invocation),
    };
    context.stdout.write(
      format === undefined
        ? messageLines(planMessages(plan, context.version, stateView), context.clock)
        : renderPlan(format, saved, view),
    );
    const wanted =
      anythingToDo(plan) ||
      plan.workers.some(({ held, actions }) => held !== undefined && actions.length > 0);
    return exitCodeOf({
      impossible: isImpossible(plan),
      refused: plan.refusals.length > 0,
      changes: isSet(flags, 'detailed-exitcode') && wanted,
    });
  });
}
