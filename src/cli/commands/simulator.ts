import { jsonLine } from '../../report/escape/json.ts';
import { shellWord } from '../../report/words.ts';
import type { RunningSimulator } from '../context.ts';
import { integerOf, isSet } from '../flags.ts';
import type { Invocation } from '../invocation.ts';

/** Serves the simulated cluster until it is interrupted, which is how it ends: exit 0. */
export async function runSimulator({ context, globals, flags }: Invocation): Promise<number> {
  const port = integerOf(flags, 'port', { from: 0, to: 65_535 }) ?? 0;
  const running = await context.startSimulator({ port, tls: isSet(flags, 'tls') });
  try {
    context.stdout.write(globals.json ? `${jsonLine(factsOf(running))}\n` : greeting(running));
    await interrupted(context.interrupts.first);
  } finally {
    await running.close();
  }
  return 0;
}

function factsOf({ endpoint, fingerprint, token }: RunningSimulator) {
  return { endpoint, ...(fingerprint === undefined ? {} : { fingerprint }), token };
}

/** The token is of a made-up cluster and meant to be shown. */
function greeting({ endpoint, fingerprint, token }: RunningSimulator): string {
  return [
    'A simulated Proxmox VE cluster. Stop it with Ctrl-C; use it from another terminal with:',
    '',
    `export MUSTER_PVE_ENDPOINT=${shellWord(endpoint)}`,
    ...(fingerprint === undefined
      ? []
      : [`export MUSTER_PVE_FINGERPRINT=${shellWord(fingerprint)}`]),
    `export MUSTER_PVE_TOKEN=${shellWord(token)}`,
    '',
  ].join('\n');
}

function interrupted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
