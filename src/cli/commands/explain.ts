import { DiagnosticsError, problem } from '../../model/diagnostic.ts';
import { didYouMean } from '../../model/suggest.ts';
import { expand } from '../../plan/expand.ts';
import { expandFactsOf } from '../../plan/expand-facts.ts';
import { jsonDocument } from '../../report/escape/json.ts';
import { explainUnchanged, explainWorker } from '../../report/explain-text.ts';
import { assemble, withProject } from '../assemble.ts';
import type { Invocation } from '../invocation.ts';
import { planOptionsOf } from '../plan-options.ts';

/** Tells why a worker is planned as it is. Changes nothing. */
export async function runExplain(invocation: Invocation): Promise<number> {
  const { context, globals, flags, args } = invocation;
  const name = args[0] ?? '';
  return withProject(invocation, async (open) => {
    const { plan, inventory } = await assemble(invocation, open, planOptionsOf(flags));
    const facts = expandFactsOf(inventory, open.state);
    const declared = expand(open.project.declaration, facts).desired.workers;
    const planned = plan.workers.find(({ worker, from }) => worker === name || from === name);
    const known = declared.find((worker) => worker.name === name);
    if (planned === undefined && known === undefined) {
      const names = [
        ...plan.workers.map(({ worker }) => worker),
        ...declared.map((each) => each.name),
      ];
      throw new DiagnosticsError([
        problem('unknown-worker', `there is no worker "${name}"`, didYouMean(name, names)),
      ]);
    }
    if (globals.json) {
      const findings = plan.findings.filter(({ worker }) => worker === name);
      context.stdout.write(jsonDocument({ worker: name, plan: planned ?? null, findings }));
    } else if (planned !== undefined)
      context.stdout.write(explainWorker(plan, planned, globals.program));
    else context.stdout.write(explainUnchanged(plan, name, known?.spec.node ?? ''));
    return 0;
  });
}
