import { join } from 'node:path';
import { STARTER_GITIGNORE, starterDeclaration } from '../../declare/starter.ts';
import type { ClusterSpec } from '../../model/declaration.ts';
import { jsonLine } from '../../report/escape/json.ts';
import { escapeTerminal } from '../../report/escape/terminal.ts';
import { pveSpecOf } from '../credentials.ts';
import { textOf } from '../flags.ts';
import type { Invocation } from '../invocation.ts';
import { proposalFor } from '../propose-declaration.ts';

const PROJECT_FILE = 'muster.yaml';
const PROJECT = 'backup';

/** Writes a starter declaration and .gitignore. Files that exist are left as they are: exit 0 then too. */
export async function runInit(invocation: Invocation): Promise<number> {
  const { context, globals, flags } = invocation;
  const files = context.files(globals.root);
  if ((await files.read(PROJECT_FILE)) !== undefined) {
    const path = escapeTerminal(join(globals.root, PROJECT_FILE));
    return told(invocation, [], `${path} exists already and stays as it is.`);
  }
  const endpoint = textOf(flags, 'endpoint');
  const text =
    endpoint === undefined
      ? starterDeclaration({ project: PROJECT, endpoint: 'simulator' })
      : await proposed(invocation, endpoint);
  await files.write(PROJECT_FILE, text, 0o644);
  const written = [PROJECT_FILE];
  if ((await files.read('.gitignore')) === undefined) {
    await files.write('.gitignore', STARTER_GITIGNORE, 0o644);
    written.push('.gitignore');
  }
  return told(invocation, written, `Wrote ${written.join(' and ')}.`);
}

function told({ context, globals }: Invocation, written: readonly string[], words: string): number {
  context.stdout.write(
    globals.json
      ? `${jsonLine({ type: 'init', written })}\n`
      : `${words}\nNext     ${globals.program} plan\n`,
  );
  return 0;
}

/** One worker per node of that cluster. The address was typed here, so the token may go there under CI too. */
async function proposed({ context, globals }: Invocation, endpoint: string): Promise<string> {
  const cluster: ClusterSpec = {
    endpoints: [],
    tls: { fingerprints: [] },
    vmids: { from: 9100, to: 9199 },
    limits: { parallelism: 8, perNode: 2, perStorage: 2 },
  };
  const readCa = async (path: string) =>
    new TextDecoder().decode((await context.files(globals.root).read(path)) ?? new Uint8Array());
  const env = { ...context.env, MUSTER_PVE_ENDPOINT: endpoint };
  const { root } = globals;
  const sources = { env, root, cwd: context.cwd, parallelism: 8, readCa };
  const spec = await pveSpecOf(cluster, sources);
  const pve = await context.openPve(spec);
  try {
    const fingerprint = spec.kind === 'api' ? spec.tls.fingerprints[0] : undefined;
    return starterDeclaration({
      project: PROJECT,
      endpoint,
      ...(fingerprint === undefined ? {} : { fingerprint }),
      ...proposalFor(await pve.read.cluster()),
    });
  } finally {
    await pve.close();
  }
}
