import { applyEffect, powerOn } from '../guest/lifetime.ts';
import { nextNumber } from '../sequence.ts';
import { again, ended, type JobKind, type Run } from '../tasks.ts';
import { isRunning } from '../vm/config.ts';
import type { Vm } from '../world.ts';
import { agentAnswers, vmOfTask } from './power.ts';

/** One task over many guests; it ends well whatever became of each. */
export function bulk(action: 'start' | 'shutdown'): JobKind {
  return {
    step: (run) => {
      const { job, log } = run.task;
      const left = String(job.data.vms ?? '')
        .split(',')
        .filter((id) => id !== '');
      if (job.stage === 'start') {
        job.stage = 'work';
        log.push(`${action === 'start' ? 'Starting' : 'Shutting down'} guests: ${left.join(', ')}`);
        return again(200);
      }
      const id = left.shift();
      if (id === undefined) return ended();
      job.data.vms = left.join(',');
      const vm = run.world.vms[id];
      if (vm !== undefined) onOne(run, vm, action);
      return again(action === 'start' ? run.world.durations.startMs : bulkWait(run, vm));
    },
  };
}

function bulkWait(run: Run, vm: Vm | undefined): number {
  const image = vm?.power.guest === undefined ? undefined : run.world.images[vm.power.guest.image];
  const most = Number(run.task.job.data.timeoutMs ?? 180_000);
  return Math.min(most, (image?.shutdownMs ?? most) + 500);
}

function onOne(run: Run, vm: Vm, action: 'start' | 'shutdown'): void {
  const { log, job } = run.task;
  if (action === 'start') {
    log.push(`Starting VM ${vm.vmid}`);
    if (!isRunning(vm) && vm.config.template !== '1') powerOn(run.world, vm, run.nowMs);
    return;
  }
  const seconds = Number(job.data.timeoutMs ?? 180_000) / 1000;
  log.push(`Shutting down VM ${vm.vmid} (Timeout = ${seconds} seconds)`);
  if (!vm.ignoresShutdown && agentAnswers(vm, run.nowMs)) {
    applyEffect(run.world, vm, { kind: 'poweroff' }, run.nowMs);
  }
}

/** HA: the request is queued at once and carried out when the manager gets to it. */
export function byHa(power: boolean): JobKind {
  return {
    step: (run) => {
      const { job, task } = { job: run.task.job, task: run.task };
      if (job.stage === 'start') {
        job.stage = 'work';
        const resource = run.world.ha[`vm:${task.id}`];
        if (resource) resource.state = power ? 'started' : 'stopped';
        return again(500);
      }
      const vm = vmOfTask(run);
      if (power && !isRunning(vm)) {
        run.world.events.push({
          kind: 'start-again',
          atMs: run.nowMs + 8000,
          seq: nextNumber(run.world),
          vmid: vm.vmid,
          bootId: '',
        });
      }
      if (!power) applyEffect(run.world, vm, { kind: 'poweroff' }, run.nowMs + 8000);
      return ended();
    },
  };
}
