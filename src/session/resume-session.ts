import { freshInventory } from '../apply/fresh.ts';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { lookup } from '../model/lookup.ts';
import type { Plan, WorkerPlan } from '../model/plan.ts';
import { describeRun, isExpired } from '../model/runs.ts';
import type { LiveSession, SessionWorkerRecord } from '../model/session.ts';
import type { SessionAction } from '../model/session-plan.ts';
import type { SessionResult } from '../model/session-result.ts';
import type { RunRecord, State } from '../model/state.ts';
import { conduct } from './conduct.ts';
import { loseAttempts, runningIn } from './dead-sessions.ts';
import { nameRun } from './run-session.ts';
import { type Part, type SessionBase, sessionTime } from './session-context.ts';
import { itemState } from './session-items.ts';
import { endWorker, leadSession, leaveWorkerOut, requireLive } from './session-state.ts';

export interface ResumeInput extends SessionBase {
  readonly id: string;
  /** Everything that runs is ended, and nothing is launched any more. */
  readonly stop: boolean;
}

const LEASED = 4;

/**
 * Goes on with a live session whose run is dead, from any machine: its workers' leases are taken over, attempts
 * that run are found again by their keys, workers are launched anew only when they are off and items wait.
 * Throws a DiagnosticsError (exit 4) when somebody who lives leads it or holds one of its workers.
 */
export async function resumeSession(input: ResumeInput): Promise<SessionResult> {
  const { ports, id, run } = input;
  const before = requireLive(ports.ledger.current(), id);
  await takeOver(input, before);
  await ports.ledger.commit((state) => leadSession(nameRun(state, run.id, id), id, run.id));
  const parts: Part[] = [];
  for (const [worker, record] of Object.entries(before.workers)) {
    const part = await partOf(input, worker, record);
    if (part !== undefined) parts.push(part);
  }
  const { spec, name } = before;
  const stopped = AbortSignal.abort();
  const { second } = input.interrupts;
  const base = input.stop ? { ...input, interrupts: { first: stopped, second } } : input;
  return conduct(base, { id, kind: spec.kind, label: name ?? id }, parts);
}

/** All leases of its workers that are not off yet, in one write. */
async function takeOver(
  { ports, take, id, run }: ResumeInput,
  session: LiveSession,
): Promise<void> {
  const state = ports.ledger.current();
  const open = Object.keys(session.workers).filter(
    (name) =>
      lookup(session.workers, name)?.endedAt === undefined &&
      lookup(state.workers, name) !== undefined,
  );
  const { refused } = open.length === 0 ? { refused: [] } : await take(open);
  if (refused.length > 0) throw heldBy(id, refused);
  const leader = lookup(ports.ledger.current().runs, session.run);
  const now = sessionTime({ ports });
  const isLed = leader !== undefined && leader.id !== run.id && !isExpired(leader, now);
  if (isLed && open.length === 0) throw heldBy(id, [{ worker: '', holder: leader }]);
}

function heldBy(
  id: string,
  refused: readonly { readonly worker: string; readonly holder: RunRecord }[],
): DiagnosticsError {
  const detail = refused.map(({ worker, holder }) =>
    worker === ''
      ? `led by ${describeRun(holder)}`
      : `${worker} is leased by ${describeRun(holder)}`,
  );
  const remedy =
    'End that run (Ctrl-C where it goes on), or wait: a run that died is known to be dead 10 minutes after its last beat.';
  return new DiagnosticsError(
    [problem('session-led', `session ${id} is in the hands of a run that lives`, remedy, detail)],
    LEASED,
  );
}

/** What is to be done with one worker; undefined: nothing, it is off or no longer known. */
async function partOf(
  input: ResumeInput,
  worker: string,
  record: SessionWorkerRecord,
): Promise<Part | undefined> {
  const { ports, id, plan } = input;
  const known = lookup(ports.ledger.current().workers, worker);
  const planned = plan.workers.find((each) => each.worker === worker);
  if (record.endedAt !== undefined || known === undefined) {
    await close(input, worker, record);
    return undefined;
  }
  const inventory = await freshInventory(ports.pve, input.inventory, known.vm);
  const vmid = String(known.vm?.vmid);
  const isGone = known.vm === undefined || inventory.absent[vmid] === 'gone';
  const isOff = isGone || inventory.vms[vmid]?.status === 'stopped';
  const { leftOut } = record;
  const actions = planned === undefined ? undefined : launchActions(planned.actions, isGone);
  const mayLaunch = !input.stop && leftOut === undefined && actions !== undefined;
  const collects =
    isOff &&
    !isGone &&
    mayLaunch &&
    runningIn(requireLive(ports.ledger.current(), id), worker).length > 0;
  if (isOff && !collects)
    await change(input, (state) => loseAttempts(state, id, worker, sessionTime(input)));
  const session = requireLive(ports.ledger.current(), id);
  const part = {
    plan: planned === undefined ? withIdle(plan, worker, record.node) : plan,
    inventory,
  };
  const subject = { worker, node: record.node, actions: ['launch'] as const };
  if (!isOff && (isReady(record) || runningIn(session, worker).length > 0))
    return { ...part, subject, how: 'go-on' };
  const isWanted = collects || session.items.some((item) => itemState(session, item) === 'waiting');
  if (isWanted && mayLaunch)
    return {
      ...part,
      subject: isOff ? { ...subject, actions } : subject,
      how: 'launch',
      ...(collects ? { collects } : {}),
    };
  if (isWanted && leftOut === undefined && !input.stop) {
    const needs = planned?.actions.join(', ') ?? 'nothing that a session may do';
    await change(input, (state) => leaveWorkerOut(state, id, worker, `needs ${needs}`));
  }
  return { ...part, subject, how: 'end' };
}

/** Nothing is planned for it any more, such as for a disabled one; it is ended all the same. */
function withIdle(plan: Plan, worker: string, node: string): Plan {
  const idle: WorkerPlan = { worker, node, actions: [], reasons: [], changes: [], frees: [] };
  return { ...plan, workers: [...plan.workers, idle] };
}

function isReady({ timeline, leftOut }: SessionWorkerRecord): boolean {
  return leftOut === undefined && timeline.at(-1)?.phase === 'work';
}

const MAY: readonly string[] = ['shutdown', 'configure', 'deploy', 'update', 'test'];

/** Of a worker that is off; undefined: it needs what somebody has to approve. */
function launchActions(
  actions: readonly string[],
  isGone: boolean,
): readonly SessionAction[] | undefined {
  if (actions.some((action) => !MAY.includes(action))) return undefined;
  const deploys = isGone || actions.includes('deploy');
  return [
    ...(actions.includes('configure') ? (['configure'] as const) : []),
    ...(deploys ? (['deploy'] as const) : []),
    ...(actions.includes('update') && !deploys ? (['update'] as const) : []),
    'launch',
  ];
}

/** What ran in it is over. */
async function close(
  input: ResumeInput,
  worker: string,
  record: SessionWorkerRecord,
): Promise<void> {
  const now = sessionTime(input);
  await change(input, (state) => {
    const lost = loseAttempts(state, input.id, worker, now);
    return record.endedAt === undefined ? endWorker(lost, input.id, worker, now) : lost;
  });
}

async function change({ ports }: ResumeInput, update: (state: State) => State): Promise<void> {
  await ports.ledger.commit(update);
}
