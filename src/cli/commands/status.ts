import { DiagnosticsError } from '../../model/diagnostic.ts';
import { DEFAULT_PLAN_OPTIONS, type Finding, type Plan } from '../../model/plan.ts';
import { expand } from '../../plan/expand.ts';
import { expandFactsOf } from '../../plan/expand-facts.ts';
import { readInventory } from '../../pve/inventory.ts';
import { jsonDocument } from '../../report/escape/json.ts';
import { statusText } from '../../report/status-text.ts';
import { assembleQuickly, type OpenProject, recordedVms, withProject } from '../assemble.ts';
import type { Invocation } from '../invocation.ts';
import { statusRows } from '../status-rows.ts';

/** One line per worker. Also where no plan can be made: then the reason is among the findings. */
export async function runStatus(invocation: Invocation): Promise<number> {
  const { context, globals } = invocation;
  return withProject(invocation, async (open) => {
    const need = { recorded: recordedVms(open.state), refresh: true };
    const inventory = await readInventory(open.pve, need, context.clock);
    const { plan, findings } = await planned(invocation, open);
    const { desired } = expand(open.project.declaration, expandFactsOf(inventory, open.state));
    const now = inventory.cluster.time;
    const rows = statusRows({
      state: open.state,
      inventory,
      desired: desired.workers,
      findings,
      now,
    });
    const { time: _, ...facts } = inventory.cluster;
    const nodes = Object.values(inventory.nodes);
    const unreachable = nodes.filter(({ online }) => !online).length;
    const cluster = plan?.cluster ?? { ...facts, nodes: nodes.length, unreachable };
    const report = { cluster, state: open.stateView, rows, findings };
    context.stdout.write(globals.json ? jsonDocument(report) : statusText(report, globals.paint));
    return 0;
  });
}

async function planned(
  invocation: Invocation,
  open: OpenProject,
): Promise<{ readonly plan?: Plan; readonly findings: readonly Finding[] }> {
  try {
    const { plan } = await assembleQuickly(invocation, open, DEFAULT_PLAN_OPTIONS);
    return { plan, findings: plan.findings };
  } catch (error) {
    if (!(error instanceof DiagnosticsError)) throw error;
    return {
      findings: error.diagnostics.map(({ code, message, remedy }) => ({
        code,
        message,
        ...(remedy === undefined ? {} : { remedy }),
      })),
    };
  }
}
