import { DEFAULT_PLAN_OPTIONS } from '../../model/plan.ts';
import { driftOf, driftText } from '../../report/drift-text.ts';
import { jsonDocument } from '../../report/escape/json.ts';
import { driftMarkdown } from '../../report/markdown/drift-markdown.ts';
import { assembleQuickly, withProject } from '../assemble.ts';
import { exitCodeOf } from '../exit-code.ts';
import { choiceOf } from '../flags.ts';
import type { Invocation } from '../invocation.ts';
import { markdownView } from '../markdown-view.ts';

/** Compares the cluster with what was last applied. Writes nothing anywhere. */
export async function runDrift(invocation: Invocation): Promise<number> {
  const { context, globals } = invocation;
  return withProject(invocation, async (open) => {
    const { plan } = await assembleQuickly(invocation, open, DEFAULT_PLAN_OPTIONS);
    const drift = driftOf(plan);
    const { verbose, paint, program } = globals;
    const view = { state: open.stateView, verbose, paint, program };
    const format = choiceOf(invocation.flags, 'format', ['text', 'markdown']);
    context.stdout.write(
      format === 'markdown'
        ? driftMarkdown(plan, { program, ...markdownView(invocation) })
        : globals.json
          ? jsonDocument({ ...drift, findings: plan.findings })
          : driftText(plan, view),
    );
    return exitCodeOf({ incomplete: drift.unknown.length > 0, changes: drift.workers.length > 0 });
  });
}
