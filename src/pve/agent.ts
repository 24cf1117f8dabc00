import { ExecLost, PveError, WaitTimeout } from '../model/errors.ts';
import type { Clock } from '../model/ports.ts';
import type { ExecResult, PveAgent } from '../model/pve-port.ts';
import { isPidUnknown, MAX_EXEC_INPUT, MAX_FILE_WRITE } from '../model/pve-texts.ts';
import { asMembers, requiredNumber, requiredText } from './answer-shape.ts';
import type { Caller } from './caller.ts';
import { decodeGuestText, readAddresses, readExecStatus } from './exec-answers.ts';
import { vmOf } from './reads.ts';

/** A short command ends within the first poll or two; a long one is asked about every two seconds. */
const FIRST_POLL_MS = 100;
const SLOWEST_POLL_MS = 2_000;

export function createAgent(call: Caller, clock: Clock): PveAgent {
  return {
    ping: (node, vmid) =>
      call(
        (api) => vmOf(api, node, vmid).agent.ping.$post(),
        () => undefined,
      ),
    exec: async (node, vmid, argv, options) => {
      const started = clock.monotonic();
      const pid = await startCommand(call, node, vmid, argv, options);
      const left = (): number => started + options.timeout - clock.monotonic();
      for (let delay = FIRST_POLL_MS; ; delay = Math.min(delay * 1.5, SLOWEST_POLL_MS)) {
        await clock.sleep(Math.min(delay, Math.max(left(), 0)), options.signal);
        const result = await pollCommand(call, node, vmid, pid, options.signal);
        if (result !== undefined) return result;
        if (left() <= 0) throw stillRuns(vmid, pid, clock.monotonic() - started);
      }
    },
    readFile: async (node, vmid, file) => {
      try {
        return await call(
          (api) => vmOf(api, node, vmid).agent['file-read'].$get({ file }),
          (data) => decodeGuestText(requiredContent(data)),
        );
      } catch (error) {
        if (isFileMissing(error)) return undefined;
        throw error;
      }
    },
    writeFile: async (node, vmid, file, bytes) => {
      if (bytes.byteLength > MAX_FILE_WRITE)
        throw new RangeError(`${file}: at most ${MAX_FILE_WRITE} bytes can be written at once`);
      // Encoded by us, so that any bytes survive; Proxmox would encode text, and only Latin-1.
      const params = { file, content: Buffer.from(bytes).toString('base64'), encode: false };
      await call(
        (api) => vmOf(api, node, vmid).agent['file-write'].$post(params),
        () => undefined,
      );
    },
    addresses: (node, vmid) =>
      call((api) => vmOf(api, node, vmid).agent['network-get-interfaces'].$get(), readAddresses),
  };
}

async function startCommand(
  call: Caller,
  node: string,
  vmid: number,
  argv: readonly string[],
  { stdin, signal }: { readonly stdin?: string; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  // Each byte as one code point, as output comes back: Proxmox makes bytes of code points up to 255 only.
  const input = stdin === undefined ? undefined : Buffer.from(stdin, 'utf8').toString('latin1');
  if (input !== undefined && input.length > MAX_EXEC_INPUT)
    throw new RangeError(`standard input may have at most ${MAX_EXEC_INPUT} bytes`);
  const params = {
    command: [...argv],
    ...(input === undefined ? {} : { 'input-data': input }),
  };
  return call(
    (api) => vmOf(api, node, vmid).agent.exec.$post(params),
    (data) => requiredNumber(asMembers(data), 'pid'),
    { signal },
  );
}

/** undefined while it runs, or while the node does not answer: the caller's time limit ends that. */
async function pollCommand(
  call: Caller,
  node: string,
  vmid: number,
  pid: number,
  signal: AbortSignal | undefined,
): Promise<ExecResult | undefined> {
  try {
    return await call(
      (api) => vmOf(api, node, vmid).agent['exec-status'].$get({ pid }),
      readExecStatus,
      { signal },
    );
  } catch (error) {
    if (isPidUnknown(error)) throw new ExecLost(vmid, pid, error);
    const failure = error instanceof PveError ? error.facts.failure : undefined;
    if (failure === 'node-unreachable' || failure === 'unanswered' || failure === 'unreachable')
      return undefined;
    throw error;
  }
}

function stillRuns(vmid: number, pid: number, waitedMs: number): WaitTimeout {
  const seconds = Math.round(waitedMs / 1000);
  const message = `process ${pid} in vm ${vmid} still runs after ${seconds} s`;
  return new WaitTimeout('waiting-for-command', waitedMs, message);
}

function requiredContent(data: unknown): string {
  const answer = asMembers(data);
  return answer.content === '' ? '' : requiredText(answer, 'content');
}

function isFileMissing(error: unknown): boolean {
  if (!(error instanceof PveError)) return false;
  return /failed to open file .*: No such file or directory/.test(error.facts.reason);
}
