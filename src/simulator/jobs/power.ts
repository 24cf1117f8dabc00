import { powerOff, powerOn, rebootInside } from '../guest/lifetime.ts';
import { acquire, checkConfigLock } from '../locks.ts';
import { nextNumber } from '../sequence.ts';
import { again, ended, JobFailed, type JobKind, type Run, type Step } from '../tasks.ts';
import { coresOf, isRunning, memoryOf, missingText, vmOn } from '../vm/config.ts';
import { isCloudInit, netKey, parseDrive, parseNic } from '../vm/drives.ts';
import { findVolume } from '../vm/volumes.ts';
import type { Vm, World } from '../world.ts';

const LOCK_MS = 10_000;
const AGENT_TIMEOUT_MS = 3000;

export function vmOfTask(run: Run): Vm {
  const vm = vmOn(run.world, run.task.node, run.task.id);
  if (vm === undefined) throw new JobFailed(missingText(run.task.node, run.task.id));
  return vm;
}

export function lockVm(run: Run): Step | undefined {
  return acquire(run, `vm:${run.task.id}`, LOCK_MS);
}

export const start: JobKind = {
  step: (run) => {
    const { job } = run.task;
    if (job.stage === 'work') {
      powerOn(run.world, vmOfTask(run), run.nowMs);
      return ended();
    }
    const waiting = lockVm(run);
    if (waiting) return waiting;
    const vm = vmOfTask(run);
    if (job.data.skiplock !== true) checkConfigLock(vm.config.lock);
    if (vm.config.template === '1') throw new JobFailed("you can't start a vm if it's a template");
    if (isRunning(vm)) throw new JobFailed(`VM ${vm.vmid} already running`);
    checkStartable(run.world, vm, run.task.log);
    job.stage = 'work';
    return again(run.world.durations.startMs);
  },
};

/** What can keep a VM from starting, in the order in which PVE finds it. */
export function checkStartable(world: World, vm: Vm, log: string[]): void {
  const config = { ...vm.config, ...vm.pending };
  const node = world.nodes[vm.node];
  const custom = config.cicustom?.split(',').map((part) => part.split('=')[1] ?? '') ?? [];
  for (const volid of custom) {
    if (findVolume(world, volid, vm.node) === undefined) {
      throw new JobFailed(`volume '${volid}' does not exist`);
    }
  }
  if (Object.values(config).some((value) => isCloudInit(parseDrive(value)))) {
    log.push('generating cloud-init ISO');
  }
  if (coresOf(config) > (node?.cpus ?? 1)) {
    throw new JobFailed(`MAX ${node?.cpus} vcpus allowed per VM on this node`);
  }
  for (const key of Object.keys(config).filter((name) => netKey.test(name))) {
    const bridge = parseNic(config[key] ?? '').options.bridge;
    if (bridge !== undefined && !bridgeExists(world, vm.node, bridge)) {
      throw new JobFailed(`bridge '${bridge}' does not exist`);
    }
  }
  if (memoryOf(config) * 1024 ** 2 > (node?.memory ?? 0)) {
    log.push("kvm: cannot set up guest memory 'pc.ram': Cannot allocate memory");
    throw new JobFailed('start failed: QEMU exited with code 1');
  }
  if (config.kvm === '0' && /^(?:cputype=)?host/.test(config.cpu ?? '')) {
    throw new JobFailed("CPU model 'host' requires KVM");
  }
}

export function bridgeExists(world: World, node: string, name: string): boolean {
  const there = world.bridges[name] ?? world.vnets[name];
  return there?.nodes.includes(node) ?? false;
}

export const stop: JobKind = {
  step: (run) => {
    const { job, log } = run.task;
    if (job.stage === 'work') {
      const vm = vmOfTask(run);
      if (vm.power.hung) log.push('VM still running - terminating now with SIGKILL');
      powerOff(run.world, vm);
      return ended();
    }
    if (job.data.overrule === true) overruleShutdowns(run);
    const waiting = lockVm(run);
    if (waiting) return waiting;
    const vm = vmOfTask(run);
    if (!isRunning(vm)) return ended();
    if (job.data.skiplock !== true) checkConfigLock(vm.config.lock);
    job.stage = 'work';
    if (!vm.power.hung) return again(run.world.durations.stopMs);
    log.push('VM quit/powerdown failed - terminating now with SIGTERM');
    return again(Number(job.data.timeoutMs ?? 60_000) + 10_000);
  },
};

function overruleShutdowns(run: Run): void {
  const others = run.world.tasks.filter(
    (task) => task.status === 'running' && task.type === 'qmshutdown' && task.id === run.task.id,
  );
  run.task.job.data.overrule = false;
  if (others.length === 0) return;
  for (const task of others) {
    task.log.push('QEMU Guest Agent is not running - received interrupt');
    task.status = 'stopped';
    task.exitstatus = 'unexpected status';
    task.endtimeMs = run.nowMs;
    task.job.locks = [];
  }
  run.task.log.push(`overruled qmshutdown tasks: ${others.map((task) => task.upid).join(', ')}`);
}

export const shutdown: JobKind = {
  step: (run) => shutDown(run, () => ended()),
};

export const reboot: JobKind = {
  step: (run) =>
    shutDown(run, (vm) => {
      run.world.events.push({
        kind: 'start-again',
        atMs: run.nowMs + 1500,
        seq: nextNumber(run.world),
        vmid: vm.vmid,
        bootId: '',
      });
      return ended();
    }),
};

/** Asks the guest, waits for it, and says what became of it. */
function shutDown(run: Run, whenOff: (vm: Vm) => Step): Step {
  const { job } = run.task;
  const waiting = job.stage === 'start' ? lockVm(run) : undefined;
  if (waiting) return waiting;
  const vm = vmOfTask(run);
  if (!isRunning(vm)) {
    if (job.data.lostAgent === true && job.stage !== 'start') {
      run.task.log.push('Unexpected: VM shutdown command failed, but VM not running anymore..');
    }
    return whenOff(vm);
  }
  if (job.stage === 'start') {
    checkConfigLock(vm.config.lock);
    return begin(run, vm);
  }
  if (job.stage === 'ask') return ask(run, vm, job.data.lostAgent !== true);
  if (run.nowMs < Number(job.data.deadlineMs)) return again(250);
  if (job.data.force === true) {
    run.task.log.push('VM still running - terminating now with SIGTERM');
    powerOff(run.world, vm);
    return whenOff(vm);
  }
  throw new JobFailed(
    job.data.lostAgent === true
      ? 'VM quit/powerdown failed - got timeout'
      : 'VM quit/powerdown failed',
  );
}

function begin(run: Run, vm: Vm): Step {
  const { job, log } = run.task;
  job.stage = 'ask';
  const agentOn = /^(?:enabled=)?1/.test(vm.running?.config.agent ?? '');
  if (!agentOn || agentAnswers(vm, run.nowMs)) return again(30);
  log.push(
    `QEMU Guest Agent is not running - VM ${vm.vmid} qga command 'guest-ping' failed - got timeout`,
  );
  job.data.lostAgent = true;
  return again(AGENT_TIMEOUT_MS);
}

/** The agent, or the ACPI button: only a guest that has booted heeds either. */
function ask(run: Run, vm: Vm, byAgent: boolean): Step {
  const { job } = run.task;
  job.stage = 'wait';
  job.data.deadlineMs = run.nowMs + Number(job.data.timeoutMs ?? 180_000);
  const guest = vm.power.guest;
  const image = guest === undefined ? undefined : run.world.images[guest.image];
  const deaf = vm.ignoresShutdown || image?.ignoresShutdown || vm.power.hung;
  const awake = vm.power.qmpstatus === 'running' && (byAgent || run.nowMs >= vm.power.bootDoneMs);
  if (guest !== undefined && image !== undefined && !deaf && awake) {
    run.world.events.push({
      kind: 'power-off',
      atMs: run.nowMs + image.shutdownMs,
      seq: nextNumber(run.world),
      vmid: vm.vmid,
      bootId: guest.bootId,
    });
  }
  return again(100);
}

export function agentAnswers(vm: Vm, nowMs: number): boolean {
  const ready = vm.power.guest?.agentReadyMs;
  return (
    isRunning(vm) &&
    vm.power.qmpstatus === 'running' &&
    !vm.power.hung &&
    ready !== undefined &&
    ready !== null &&
    ready <= nowMs
  );
}

/** A short job on a VM: takes its lock, does its work after a moment. */
export function brief(work: (run: Run, vm: Vm) => void, options = { checkLock: true }): JobKind {
  return {
    step: (run) => {
      const { job } = run.task;
      if (job.stage === 'work') {
        work(run, vmOfTask(run));
        return ended();
      }
      const waiting = lockVm(run);
      if (waiting) return waiting;
      const vm = vmOfTask(run);
      if (options.checkLock) checkConfigLock(vm.config.lock);
      job.stage = 'work';
      return again(run.world.durations.smallTaskMs);
    },
  };
}

export const reset = brief((run, vm) => rebootInside(run.world, vm, run.nowMs));
export const pause = brief((_, vm) => {
  vm.power.qmpstatus = 'paused';
});
export const resume = brief((_, vm) => {
  vm.power.qmpstatus = 'running';
});
