import { nextInGuest, powerOff, powerOn, rebootInside, stepGuest } from './guest/lifetime.ts';
import { jobs } from './jobs/table.ts';
import { endTask, JobFailed, type Run, type Step } from './tasks.ts';
import type { BroadcastVm, Task, Vm, World, WorldEvent } from './world.ts';

const BROADCAST_EVERY_MS = 10_000;
/** A bug in a job must not hang the caller. */
const MOST_STEPS = 2_000_000;

type Due =
  | { readonly kind: 'task'; readonly atMs: number; readonly task: Task }
  | { readonly kind: 'event'; readonly atMs: number; readonly event: WorldEvent }
  | { readonly kind: 'guest'; readonly atMs: number; readonly vm: Vm };

/** Lets everything happen that is due by then, in order. True: something did. */
export function advanceWorld(world: World, nowMs: number): boolean {
  let happened = false;
  for (let steps = 0; steps < MOST_STEPS; steps += 1) {
    const due = nextDue(world);
    if (due === undefined || due.atMs > nowMs) break;
    const at = Math.max(world.nowMs, due.atMs);
    broadcastUntil(world, at);
    world.nowMs = at;
    happen(world, due, at);
    happened = true;
  }
  broadcastUntil(world, nowMs);
  world.nowMs = Math.max(world.nowMs, nowMs);
  return happened;
}

function nextDue(world: World): Due | undefined {
  let best: Due | undefined;
  const consider = (due: Due) => {
    if (best === undefined || due.atMs < best.atMs) best = due;
  };
  for (const task of world.tasks) {
    if (task.status === 'running') consider({ kind: 'task', atMs: task.dueMs, task });
  }
  for (const event of world.events) consider({ kind: 'event', atMs: event.atMs, event });
  for (const vm of Object.values(world.vms)) {
    const guest = vm.power.guest;
    if (guest === undefined || guest.processes.length === 0) continue;
    if (vm.power.qmpstatus !== 'running' || vm.power.hung) continue;
    const atMs = nextInGuest(guest);
    if (atMs !== undefined) consider({ kind: 'guest', atMs, vm });
  }
  return best;
}

function happen(world: World, due: Due, atMs: number): void {
  switch (due.kind) {
    case 'task':
      stepTask(world, due.task, atMs);
      return;
    case 'guest':
      stepGuest(world, due.vm, atMs);
      return;
    case 'event':
      world.events = world.events.filter((event) => event !== due.event);
      handleEvent(world, due.event, atMs);
  }
}

function stepTask(world: World, task: Task, nowMs: number): void {
  if (world.nodes[task.node]?.status === 'offline') {
    task.dueMs = nowMs + 1000;
    return;
  }
  const job = jobs[task.type];
  const run: Run = { world, task, nowMs };
  try {
    if (interrupted(run)) return;
    const step: Step = job === undefined ? { kind: 'end' } : job.step(run);
    if (step.kind === 'end') endTask(task, nowMs, step.exit ?? 'OK');
    else task.dueMs = nowMs + Math.max(1, step.inMs);
  } catch (error) {
    if (!(error instanceof JobFailed)) throw error;
    job?.cleanUp?.(run);
    endTask(task, nowMs, error.message);
  }
}

/** Scripted faults strike once the task has begun its work. */
function interrupted(run: Run): boolean {
  const { job } = run.task;
  if (job.stage === 'start') return false;
  if (job.killed === true) {
    if (job.stage !== 'work') return false;
    jobs[run.task.type]?.killed?.(run);
    endTask(run.task, run.nowMs, 'unexpected status');
    return true;
  }
  if (job.failWith === undefined) return false;
  jobs[run.task.type]?.cleanUp?.(run);
  endTask(run.task, run.nowMs, job.failWith);
  return true;
}

/** As a user's abort does; the job clears away what it had begun. */
export function abortTask(world: World, task: Task, nowMs: number): void {
  const job = jobs[task.type];
  job?.cleanUp?.({ world, task, nowMs });
  endTask(task, nowMs, job?.aborted?.(task) ?? 'interrupted by signal');
}

function handleEvent(world: World, event: WorldEvent, nowMs: number): void {
  const vm = world.vms[String(event.vmid)];
  if (vm === undefined || (vm.power.guest?.bootId ?? '') !== event.bootId) return;
  switch (event.kind) {
    case 'power-off':
      powerOff(world, vm);
      return;
    case 'reboot':
      rebootInside(world, vm, nowMs);
      return;
    case 'start-again':
      if (vm.power.status === 'stopped') powerOn(world, vm, nowMs);
  }
}

/** Between two things that happen nothing changes, so one picture serves for all broadcasts there. */
function broadcastUntil(world: World, atMs: number): void {
  const { broadcast } = world;
  if (broadcast.nextMs > atMs) return;
  const rounds = Math.floor((atMs - broadcast.nextMs) / BROADCAST_EVERY_MS);
  broadcast.nextMs += (rounds + 1) * BROADCAST_EVERY_MS;
  const seen: Record<string, BroadcastVm> = {};
  for (const vm of Object.values(world.vms)) {
    if (world.nodes[vm.node]?.status === 'offline') continue;
    const entry: BroadcastVm = {
      status: vm.power.status,
      node: vm.node,
      uptime:
        vm.power.status === 'running' ? Math.floor((world.nowMs - vm.power.startedMs) / 1000) : 0,
    };
    entry.name = vm.config.name ?? `VM ${vm.vmid}`;
    seen[vm.vmid] = entry;
  }
  broadcast.vms = seen;
}
