import { type Diagnostic, problem } from '../model/diagnostic.ts';
import {
  ExecLost,
  Fenced,
  GuestError,
  PveError,
  type PveErrorFacts,
  StateLocked,
  StateMoved,
  TaskFailed,
  TaskTimeout,
  VmidTaken,
  WaitTimeout,
  WorkerUnknown,
} from '../model/errors.ts';
import { certificateProblem } from './certificate-problem.ts';

/** An outside failure as what happened, what was seen, how to go on. undefined: not one of ours, so a bug. */
export function failureDiagnostic(error: unknown): Diagnostic | undefined {
  if (error instanceof PveError) return pveProblem(error.facts);
  if (error instanceof TaskFailed) {
    const remedy = `Look at the task in the portal, or:  pvenode task log ${error.upid}`;
    return problem('task-failed', `a Proxmox task failed: ${error.exitText}`, remedy, [
      `task ${error.upid}`,
      ...error.log.map((line) => `  ${line}`),
    ]);
  }
  if (error instanceof StateLocked) {
    const remedy =
      error.remedy ?? 'Wait until that run ends, or wait longer here: --lock-timeout 10m.';
    return problem('state-locked', error.message, remedy);
  }
  if (error instanceof StateMoved)
    return problem('state-moved', error.message, 'Try again when the other run has ended.');
  if (error instanceof Fenced)
    return problem('fenced', error.message, 'muster plan shows what is left.');
  if (error instanceof GuestError) return problem(error.code, error.message, error.remedy);
  if (error instanceof TaskTimeout || error instanceof WaitTimeout)
    return problem('timeout', error.message, 'muster plan shows what is left.');
  if (error instanceof VmidTaken || error instanceof WorkerUnknown || error instanceof ExecLost)
    return problem('state-conflict', error.message, 'Plan again.');
  return simulatorProblem(error) ?? fileProblem(error);
}

/** The simulator knows nothing of us, nor we of it: its refusals are told by their names. */
function simulatorProblem(error: unknown): Diagnostic | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'SimulatorBusy')
    return problem('simulator-busy', error.message, 'Wait until that process has ended.');
  if (error.name !== 'SimulatorDamaged') return undefined;
  const remedy = 'Remove it and the state that records its VMs: both are made anew.';
  return problem('simulator-damaged', error.message, remedy, ['It was left as it is.']);
}

function pveProblem(facts: PveErrorFacts): Diagnostic {
  const where = facts.endpoint ?? 'the cluster';
  switch (facts.failure) {
    case 'untrusted':
      return certificateProblem(facts);
    case 'unreachable':
      return problem(
        'unreachable',
        `${where} does not answer: ${facts.reason}`,
        'Check the address and port (cluster.endpoint or MUSTER_PVE_ENDPOINT) and the way there, firewalls included.',
      );
    case 'unanswered':
      return problem(
        'unanswered',
        `${where} took a request and gave no answer: ${facts.reason}`,
        facts.request.startsWith('GET ')
          ? 'It only reads, so nothing was changed by it. Check what listens there, and try again.'
          : 'It may have been carried out. Plan again to see what is true.',
        [facts.request],
      );
    case 'unauthenticated':
      return problem(
        'unauthenticated',
        `${where} does not accept the token: ${facts.reason || '401'}`,
        'Check MUSTER_PVE_TOKEN (user@realm!id=uuid): does it exist, has it expired, is its user enabled?',
        ['Proxmox answers the same to a wrong secret, an unknown token and an unknown user.'],
      );
    case 'forbidden':
      return forbiddenProblem(facts);
    case 'node-unreachable':
      return problem(
        'node-unreachable',
        `a node behind ${where} does not answer: ${facts.status} ${facts.reason}`,
        'Check that node. Workers on other nodes can be planned and applied meanwhile.',
        [facts.request],
      );
    case 'garbled':
      return problem(
        'garbled',
        `what ${where} answered is not Proxmox' API: ${facts.reason}`,
        'Is there a proxy or a login page in between? The endpoint must be the API itself, usually port 8006.',
        [facts.request],
      );
    default: {
      const errors = Object.entries(facts.errors ?? {}).map(([key, text]) => `${key}: ${text}`);
      const status = facts.status === 0 ? '' : `${facts.status} `;
      return problem(facts.failure, `Proxmox refused: ${status}${facts.reason}`, undefined, [
        facts.request,
        ...errors,
      ]);
    }
  }
}

/** "Permission check failed (/vms/101, VM.Config.Disk)" names the privilege; without pool rights it is bare. */
function forbiddenProblem(facts: PveErrorFacts): Diagnostic {
  const match = /\((\/[^,)\s]*),\s*([A-Za-z.|\s]+)\)/.exec(facts.reason);
  const [, path, privilege] = match ?? [];
  const lacks =
    path === undefined || privilege === undefined
      ? `the token may not do this: ${facts.reason}`
      : `the token lacks ${privilege.trim()} on ${path}`;
  return problem(
    'forbidden',
    lacks,
    'muster doctor --print-setup prints the commands that grant what this declaration needs.',
    [facts.request],
  );
}

const FILE_TROUBLE: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left',
  EDQUOT: 'over quota',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  ENOENT: 'no such file or folder',
  EADDRINUSE: 'the port is in use',
};

/** What the operating system refuses is nobody's bug. */
function fileProblem(error: unknown): Diagnostic | undefined {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return undefined;
  const words = FILE_TROUBLE[String(error.code)] ?? `it failed with ${String(error.code)}`;
  const path = 'path' in error ? ` ${String(error.path)}` : '';
  return problem('system', `${String(error.syscall)}${path}: ${words}`);
}
