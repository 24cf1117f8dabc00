import { busyWithPackages } from '../guest/activity.ts';
import { launchGuest } from '../guest/launch-guest.ts';
import { type Patched, type Patching, patchGuest } from '../guest/patch-guest.ts';
import { runChecks } from '../guest/run-checks.ts';
import type { Actor, GuestTarget } from '../guest/target.ts';
import { waitForGuest } from '../guest/wait-for-guest.ts';
import { whileBeating } from '../guest/while-beating.ts';
import { type LaunchMark, rememberLaunch } from '../model/launch-history.ts';
import { lookup } from '../model/lookup.ts';
import { formatDuration } from '../model/quantity.ts';
import type { LaunchPhase } from '../model/session.ts';
import type { CheckResult, PatchRecord, State, TestRecord } from '../model/state.ts';
import { clearDoing, recordPatch, recordTest, recordUse } from '../model/transitions.ts';
import type { PatchSpec } from '../model/worker.ts';
import {
  changeState,
  clusterNow,
  Interrupted,
  recordOf,
  tellDone,
  tellProgress,
  tellWarning,
  type VmHandle,
  type WorkerContext,
} from './context.ts';
import { failure, gateFailure, hasFailed, patchWords, tellChecks } from './launch-words.ts';
import { type BusyGuest, powerOff, powerOn } from './power.ts';
import { stopWhenInterrupted } from './step.ts';
import { desiredOf } from './subject.ts';

export interface TestOutcome {
  readonly test: TestRecord;
  readonly patch?: PatchRecord;
}

/** What a launch is for: a restore does not wait for updates. */
export type LaunchKind = 'test' | 'backup' | 'restore';

/** Launches for a test, and always powers off again. */
export async function launchForTest(ctx: WorkerContext, vm: VmHandle): Promise<TestOutcome> {
  const marks: LaunchMark[] = [];
  const enter = (phase: LaunchPhase): void => {
    marks.push({ phase, at: clusterNow(ctx) });
  };
  enter('start');
  const onPhase = async (phase: LaunchPhase): Promise<void> => enter(phase);
  const outcome = await launch({ ...ctx, onPhase }, vm, 'test');
  if (outcome.test.result === 'passed') enter('work');
  enter('stop');
  await powerOff(ctx, vm, isBusy(targetOf(ctx, vm)));
  await changeState(ctx, (state, worker) =>
    clearDoing(rememberLaunch(state, worker, marks, clusterNow(ctx)), worker),
  );
  return outcome;
}

/**
 * Powers the VM on, tests it and patches it (tests again after a reboot); it is left running for the caller. A
 * failed check or patch is a result, recorded; only an interrupt or a bug is thrown, after powering off.
 */
export async function launch(
  ctx: WorkerContext,
  vm: VmHandle,
  kind: LaunchKind,
): Promise<TestOutcome> {
  const target = targetOf(ctx, vm);
  const outcome = await testAndPatch(ctx, vm, target, kind).catch((error: unknown) =>
    afterFailure(ctx, vm, target, error),
  );
  await changeState(ctx, (state, worker) => saveOutcome(state, worker, outcome)).catch(
    async (error: unknown) => {
      // Whatever keeps the state from being written, the worker is not left on.
      await powerOff(ctx, vm, isBusy(target));
      throw error;
    },
  );
  return outcome;
}

/** A failure on the way to the checks is a result too. Anything else powers the VM off before it is thrown on. */
async function afterFailure(
  ctx: WorkerContext,
  vm: VmHandle,
  target: GuestTarget,
  error: unknown,
): Promise<TestOutcome> {
  const result = error instanceof Interrupted ? undefined : gateFailure(error);
  if (result !== undefined && !ctx.interrupts.second.aborted) {
    tellChecks(ctx, [result]);
    return { test: testRecord(ctx, [result]) };
  }
  if (!ctx.interrupts.second.aborted) await powerOff(ctx, vm, isBusy(target));
  throw error;
}

async function testAndPatch(
  ctx: WorkerContext,
  vm: VmHandle,
  target: GuestTarget,
  kind: LaunchKind,
): Promise<TestOutcome> {
  await powerOn(ctx, vm);
  await greet(ctx, vm, target, recordOf(ctx)?.last.used === undefined);
  const first = await check(ctx, target);
  if (hasFailed(first)) return { test: testRecord(ctx, first) };
  stopWhenInterrupted(ctx);
  const { record, rebootRequired, fatal } = await patch(ctx, target, kind);
  if (fatal) {
    const seen = record.message ?? 'system updates could not be installed';
    return { test: testRecord(ctx, [...first, failure('patch', seen)]), patch: record };
  }
  if (!mustReboot(desiredOf(ctx).spec.patch.reboot, rebootRequired, record))
    return { test: testRecord(ctx, first), patch: record };
  await powerOff(ctx, vm, isBusy(target));
  await powerOn(ctx, vm);
  await greet(ctx, vm, target, false);
  const again = await check(ctx, target);
  return { test: testRecord(ctx, again), patch: { ...record, rebooted: true } };
}

function mustReboot(
  policy: PatchSpec['reboot'],
  isRequired: boolean,
  { result }: PatchRecord,
): boolean {
  return policy === 'always' ? result === 'patched' : isRequired && policy === 'ifRequired';
}

/** Waits for the guest, takes it over for this run and delivers its files. */
async function greet(
  ctx: WorkerContext,
  vm: VmHandle,
  target: GuestTarget,
  firstLaunch: boolean,
): Promise<void> {
  await ctx.onPhase?.('agent');
  const { pve, clock } = ctx.ports;
  const { spec } = desiredOf(ctx);
  const begun = clock.monotonic();
  const { addresses, cloudInit } = await waitForGuest(target, {
    timeouts: { start: spec.timeouts.start },
    status: () => pve.read.status(vm.node, vm.vmid),
    firstLaunch,
    needsAddress: spec.networks.length > 0,
    onWait: ({ waitingFor, waitedMs, deadlineMs }) =>
      tellProgress(ctx, 'start', 'booting', { waitingFor, waitedMs, deadlineMs }),
  });
  const took = formatDuration(clock.monotonic() - begun);
  const how = spec.networks.some(({ ipv4 }) => ipv4 === 'dhcp') ? ' (dhcp)' : '';
  const where = `address ${addresses.join(', ')}${how}`;
  tellDone(ctx, 'start', `agent answers after ${took}; ${where}`);
  if (cloudInit.state === 'error')
    tellWarning(ctx, `cloud-init ended with errors in the guest: ${cloudInit.detail}`);
  const launch = { ...actorOf(ctx), worker: ctx.worker.worker, files: spec.files };
  const { written } = await launchGuest(target, { ...launch, contents: ctx.plan.contents });
  if (written.length > 0) tellDone(ctx, 'files', `written: ${written.join(', ')}`);
}

async function check(ctx: WorkerContext, target: GuestTarget): Promise<readonly CheckResult[]> {
  await ctx.onPhase?.('test');
  const { spec } = desiredOf(ctx);
  const pveApi = apiAddress(ctx.plan.cluster.endpoint);
  const question = {
    spec,
    repositories: ctx.plan.repositories,
    ...(pveApi === undefined ? {} : { pveApi }),
    clusterTime: clusterNow(ctx),
    timeout: spec.timeouts.test,
  };
  const results = await whileBeating(target, actorOf(ctx), () => runChecks(target, question));
  tellChecks(ctx, results);
  return results;
}

async function patch(ctx: WorkerContext, target: GuestTarget, kind: LaunchKind): Promise<Patched> {
  await ctx.onPhase?.('patch');
  const { spec } = desiredOf(ctx);
  const last = recordOf(ctx)?.last.patch;
  const begun = ctx.ports.clock.monotonic();
  const patching: Patching = {
    ...actorOf(ctx),
    patch: spec.patch,
    ...(last === undefined ? {} : { last }),
    kind,
    timeout: spec.timeouts.patch,
    now: clusterNow(ctx),
    onProgress: ({ waitingFor, waitedMs, deadlineMs, message }) =>
      tellProgress(ctx, 'patch', message ?? 'installing updates', {
        waitingFor,
        waitedMs,
        deadlineMs,
      }),
  };
  const patched = await whileBeating(target, patching, () => patchGuest(target, patching));
  const took = formatDuration(ctx.ports.clock.monotonic() - begun);
  tellDone(ctx, 'patch', patchWords(patched, took), { failed: patched.record.result === 'failed' });
  return patched;
}

function testRecord(ctx: WorkerContext, checks: readonly CheckResult[]): TestRecord {
  const at = clusterNow(ctx);
  return { result: hasFailed(checks) ? 'failed' : 'passed', at, checks };
}

function saveOutcome(state: State, worker: string, { test, patch: patched }: TestOutcome): State {
  const tested = recordUse(recordTest(state, worker, test), worker, test.at);
  const before = lookup(state.workers, worker)?.last.patch;
  // A skipped one says less than the one that it was skipped for.
  const isNews = patched !== undefined && (patched.result !== 'skipped' || before === undefined);
  return isNews ? recordPatch(tested, worker, patched) : tested;
}

/** Who acts in the guest: this run, by the worker's lease. */
export function actorOf(ctx: WorkerContext): Actor {
  const fence = recordOf(ctx)?.lease?.fence;
  if (fence === undefined) throw new Error(`${ctx.worker.worker} is launched without a lease`);
  return { run: ctx.run.id, fence };
}

export function targetOf(ctx: WorkerContext, vm: VmHandle): GuestTarget {
  const { pve, clock } = ctx.ports;
  return { agent: pve.agent, node: vm.node, vmid: vm.vmid, clock, signal: ctx.interrupts.second };
}

/** A guest that can't be asked is taken as idle: it may hang, and has to be powered off all the same. */
export function isBusy(target: GuestTarget): BusyGuest {
  return () => busyWithPackages(target).catch(() => false);
}

function apiAddress(
  endpoint: string,
): { readonly host: string; readonly port: number } | undefined {
  if (!URL.canParse(endpoint)) return undefined;
  const { hostname, port } = new URL(endpoint);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port) };
}
