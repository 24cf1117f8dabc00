import { GuestError, PveError } from '../model/errors.ts';
import type { VmStatus } from '../model/pve-port.ts';
import { type AgentTrouble, agentTrouble, mayPass } from './agent-trouble.ts';
import { type GuestWait, waitUntil } from './guest-wait.ts';
import { outputLines } from './output-lines.ts';
import { runScript } from './run-script.ts';
import { type GuestTarget, nameOf } from './target.ts';

export interface GuestWaits {
  readonly timeouts: {
    /** Ms until the agent answers, and again until an address is there. */
    readonly start: number;
    /** Ms for cloud-init once commands can be run; default as `start`. */
    readonly cloudInit?: number;
  };
  readonly status: () => Promise<VmStatus>;
  /** No agent on a first launch means that the image lacks it, and the error says how to add it. */
  readonly firstLaunch?: boolean;
  /** False for a worker without any addressed NIC. Default true. */
  readonly needsAddress?: boolean;
  readonly onWait?: (wait: GuestWait) => void;
}

export interface GuestReady {
  readonly addresses: readonly string[];
  /** `absent` and `disabled` are fine; `error` names what cloud-init complained about in `detail`. */
  readonly cloudInit: { readonly state: CloudInitState; readonly detail: string };
}

export type CloudInitState = 'absent' | 'disabled' | 'done' | 'error';

/** Ms for which a VM may look powered off or paused just after its start. */
const SETTLING = 15_000;
/** QEMU's words for a VM that will not go on by itself. */
const STUCK: Readonly<Record<string, string>> = {
  'io-error': 'stopped by an I/O error: look at the storage of its disk (full, or gone)',
  'internal-error': 'stopped by an internal error of QEMU: look at the system log of its node',
  'guest-panicked': 'its kernel panicked: look at its console',
};

/**
 * The gates before anything is asked of a guest, each with an error of its own: powered on (a paused or broken
 * VM is named) → agent answers → an address is known → commands may be run → cloud-init has finished. Throws
 * GuestError (`vm-off`, `vm-stuck`, `agent-missing`, `agent-not-configured`, `agent-forbidden`,
 * `exec-forbidden`, `exec-disabled`) and WaitTimeout named after the gate.
 */
export async function waitForGuest(target: GuestTarget, waits: GuestWaits): Promise<GuestReady> {
  await waitForAgent(target, waits);
  const addresses = waits.needsAddress === false ? [] : await waitForAddress(target, waits);
  const cloudInit = await waitForCloudInit(target, waits);
  return { addresses, cloudInit };
}

async function waitForAgent(target: GuestTarget, waits: GuestWaits): Promise<void> {
  const begin = target.clock.monotonic();
  let trouble: AgentTrouble | undefined = 'silent';
  await waitUntil(
    target,
    {
      waitingFor: 'waiting-for-agent',
      timeout: waits.timeouts.start,
      onWait: waits.onWait,
      hint: () => agentHint(trouble, waits.firstLaunch === true),
    },
    async () => {
      trouble = await pingTrouble(target);
      if (trouble === undefined) return true;
      await checkPower(target, waits, target.clock.monotonic() - begin);
      return undefined;
    },
  );
}

async function pingTrouble(target: GuestTarget): Promise<AgentTrouble | undefined> {
  try {
    await target.agent.ping(target.node, target.vmid);
    return undefined;
  } catch (error) {
    const trouble = agentTrouble(error);
    if (trouble === 'vm-off' || mayPass(trouble)) return trouble;
    throw agentGateError(target, trouble, error);
  }
}

async function checkPower(target: GuestTarget, waits: GuestWaits, waited: number): Promise<void> {
  const { status, qmpStatus, lock } = await waits.status();
  const stuck = STUCK[qmpStatus];
  if (stuck !== undefined)
    throw new GuestError('vm-stuck', `${nameOf(target)} is in state ${qmpStatus}: ${stuck}`);
  if (waited < SETTLING) return;
  if (status === 'stopped')
    throw new GuestError(
      'vm-off',
      `${nameOf(target)} was started and is powered off again`,
      'Look at its console and at the system log of its node.',
    );
  if (qmpStatus === 'paused' || qmpStatus === 'suspended')
    throw new GuestError(
      'vm-stuck',
      `${nameOf(target)} is ${qmpStatus}${lock === undefined ? '' : ` under the lock ${lock}`}`,
      'Resume it, or find out who paused it.',
    );
}

function agentHint(trouble: AgentTrouble | undefined, firstLaunch: boolean): string {
  if (trouble === 'unreachable') return 'its node does not answer';
  if (!firstLaunch)
    return 'the VM runs, its guest agent does not answer: the system may still boot or hang; look at its console';
  return (
    'the VM runs, nothing answers as its guest agent. The image needs the package qemu-guest-agent, enabled at ' +
    'boot: install it in the template (on a disk image: virt-customize --install qemu-guest-agent), or let ' +
    'vendor data do it (packages: [qemu-guest-agent])'
  );
}

function agentGateError(
  target: GuestTarget,
  trouble: AgentTrouble | undefined,
  cause: unknown,
): unknown {
  const name = nameOf(target);
  switch (trouble) {
    case 'not-configured':
      return new GuestError(
        'agent-not-configured',
        `${name} has no guest agent in its configuration`,
        'Apply once more: agent=1 is part of what Muster manages.',
        cause,
      );
    case 'forbidden':
      return new GuestError(
        'agent-forbidden',
        `${name}: the token may not speak to its guest agent: ${reasonOf(cause)}`,
        'Give the token VM.GuestAgent.Audit (PVE 8: VM.Monitor) on the VM or its pool.',
        cause,
      );
    case 'disabled':
      return new GuestError(
        'exec-disabled',
        `${name}: its guest agent refuses the command: ${reasonOf(cause)}`,
        'Allow guest-exec in the image: remove it from the blocked RPCs in /etc/sysconfig/qemu-ga (or /etc/qemu/qemu-ga.conf).',
        cause,
      );
    default:
      return cause;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof PveError ? error.facts.reason : String(error);
}

async function waitForAddress(target: GuestTarget, waits: GuestWaits): Promise<readonly string[]> {
  const hint =
    'the guest has no address other than loopback: DHCP gave none (bridge, VLAN, lease range), or the image ' +
    'does not bring up its NIC';
  return waitUntil(
    target,
    {
      waitingFor: 'waiting-for-address',
      timeout: waits.timeouts.start,
      onWait: waits.onWait,
      hint: () => hint,
    },
    async () => {
      const found = await passing(() => target.agent.addresses(target.node, target.vmid));
      return found === undefined || found.length === 0 ? undefined : found;
    },
  );
}

/** The answer, or undefined when the failure is one that passes by itself. */
async function passing<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (mayPass(agentTrouble(error))) return undefined;
    throw error;
  }
}

/** One look per call; the script itself waits a few seconds, so that few calls are made. */
async function waitForCloudInit(
  target: GuestTarget,
  waits: GuestWaits,
): Promise<GuestReady['cloudInit']> {
  let last = 'it did not say how far it has got';
  return waitUntil(
    target,
    {
      waitingFor: 'waiting-for-cloud-init',
      timeout: waits.timeouts.cloudInit ?? waits.timeouts.start,
      onWait: waits.onWait,
      hint: () =>
        `cloud-init has not finished (${last}); look at /var/log/cloud-init.log in the guest`,
    },
    async () => {
      const [state, detail] = await askReady(target);
      if (isFinished(state)) return { state, detail };
      last = detail === '' ? state : detail;
      return undefined;
    },
  );
}

async function askReady(target: GuestTarget): Promise<readonly [string, string]> {
  try {
    const text = await runScript(target, 'ready', ['5'], { timeout: 30_000 });
    const line = outputLines(text).find(([kind]) => kind === 'cloud-init');
    return [line?.[1] ?? 'running', line?.[2] ?? ''];
  } catch (error) {
    const trouble = agentTrouble(error);
    if (trouble === 'forbidden')
      throw new GuestError(
        'exec-forbidden',
        `${nameOf(target)}: the agent answers, but the token may not run commands: ${reasonOf(error)}`,
        'Give the token VM.GuestAgent.Unrestricted (PVE 8: VM.Monitor) on the VM or its pool.',
        error,
      );
    throw agentGateError(target, trouble, error);
  }
}

function isFinished(state: string): state is CloudInitState {
  return ['absent', 'disabled', 'done', 'error'].includes(state);
}
