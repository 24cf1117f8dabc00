import { type ApplyInput, applyPlan } from '../apply/apply-plan.ts';
import { fencedPve } from '../apply/fenced-pve.ts';
import type { Plan } from '../model/plan.ts';
import type { Log } from '../model/ports.ts';
import { WRITE_DEADLINE_MS } from '../model/pve-texts.ts';
import { formatDuration } from '../model/quantity.ts';
import type { ApplyResult } from '../model/result.ts';
import { emptyState, type RunRecord } from '../model/state.ts';
import { confirm } from '../plan/confirm.ts';
import { closeDeadSessions } from '../session/close-dead.ts';
import { sessionCare } from '../session/collect-attempts.ts';
import { deadSessions } from '../session/dead-sessions.ts';
import { openLedger } from '../state/ledger.ts';
import { readProcessFacts } from '../state/process-facts.ts';
import { type LiveRun, startRun } from '../state/start-run.ts';
import { takeWorkers } from '../state/take-workers.ts';
import { watchRuns } from '../state/watch-runs.ts';
import type { Assembled } from './assemble.ts';
import type { Invocation } from './invocation.ts';

type RunOptions = ApplyInput['options'];

export interface ExecuteOptions extends RunOptions {
  readonly log: Log;
  /** Of a saved plan: the lineage that a state which doesn't exist yet is born with. */
  readonly lineage: string;
}

/** Registers a run, applies the plan, and ends the run whatever happens. */
export async function execute(
  invocation: Invocation,
  assembled: Assembled,
  plan: Plan,
  options: ExecuteOptions,
): Promise<ApplyResult> {
  const { lineage, log, onError, waitMs } = options;
  const { inventory } = assembled;
  return withRun(invocation, assembled, { plan, kind: 'apply', lineage, log }, async (parts) => {
    const given = { plan, inventory, confirm, options: { onError, waitMs } };
    const result = await applyPlan({ ...parts, ...given, care: sessionCare });
    if (!result.interrupted) await closeDead(assembled, parts, result.tookMs);
    return result;
  });
}

/** Sessions that nobody leads are over as soon as their workers are off. */
async function closeDead(assembled: Assembled, parts: RunParts, at: number): Promise<void> {
  const closed = await closeDeadSessions({ ...parts, dead: lostSessions(assembled) });
  const { log } = parts.ports;
  for (const id of closed)
    log.emit({ kind: 'note', at, message: `session ${id} was lost, and is closed as interrupted` });
}

/** Ids of sessions whose runs are dead, as far as can be told before anything is taken over. */
export function lostSessions({
  state,
  inventory,
}: Pick<Assembled, 'state' | 'inventory'>): readonly string[] {
  return deadSessions(state, inventory.cluster.time).map(({ id }) => id);
}

export interface RunStart {
  readonly plan: Plan;
  readonly kind: RunRecord['kind'];
  readonly lineage: string;
  readonly log: Log;
}

/** What every run works with. */
export type RunParts = Pick<ApplyInput, 'ports' | 'run' | 'take' | 'interrupts'>;

/** Registers a run, does its work, and ends it whatever happens. */
export async function withRun<T>(
  invocation: Invocation,
  assembled: Assembled,
  start: RunStart,
  work: (parts: RunParts) => Promise<T>,
): Promise<T> {
  const { context } = invocation;
  const { clock, random, interrupts } = context;
  const { log } = start;
  const run = await register(invocation, assembled, start);
  try {
    return await work({
      ports: { pve: fencedPve(assembled.pve, run), ledger: run.ledger, clock, random, log },
      run,
      take: taking(invocation, assembled, run, log),
      interrupts: { ...interrupts, second: AbortSignal.any([interrupts.second, run.lost]) },
    });
  } finally {
    await (context.interrupts.second.aborted ? run.abandon() : run.end());
  }
}

async function register(
  { context }: Invocation,
  { store, pve, project }: Assembled,
  { plan, kind, lineage }: RunStart,
): Promise<LiveRun> {
  const { clock, random } = context;
  const { project: name, environment } = project.declaration;
  const id = random.uuid();
  const initial = () => emptyState(lineage, name, environment);
  const ledger = await openLedger({ store, initial, runId: id, clock });
  const facts = await readProcessFacts(context.processes);
  return startRun({
    ledger,
    clock,
    clusterTime: () => pve.clusterTime(),
    run: { id, kind, ...facts, planDigest: plan.reviewDigest },
  });
}

/** Leases for this run, also from runs that are proven dead. */
function taking(
  { context }: Invocation,
  { pve }: Assembled,
  run: LiveRun,
  log: Log,
): ApplyInput['take'] {
  const { clock, processes, interrupts } = context;
  const startedAt = clock.monotonic();
  const onWait = (suspects: readonly RunRecord[], ms: number) =>
    log.emit({ kind: 'note', at: clock.monotonic() - startedAt, message: takeOver(suspects, ms) });
  const watch = watchRuns({ clock, clusterTime: () => pve.clusterTime(), processes });
  return (workers) =>
    takeWorkers({
      ledger: run.ledger,
      runId: run.id,
      workers,
      watch,
      clock,
      requestDeadlineMs: WRITE_DEADLINE_MS,
      signal: interrupts.first,
      onWait,
    });
}

function takeOver(suspects: readonly RunRecord[], ms: number): string {
  const names = [...new Set(suspects.map(({ who, pid }) => `${who}, pid ${pid}`))];
  const waited = `waiting-for-dead-run, ${formatDuration(ms)}`;
  return `${waited}: what the run that died (${names.join('; ')}) asked of Proxmox may still happen`;
}
