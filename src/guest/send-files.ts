import { GuestError } from '../model/errors.ts';
import { MAX_FILE_WRITE } from '../model/pve-texts.ts';
import type { FileSpec } from '../model/worker.ts';
import { outputLines } from './output-lines.ts';
import { posixCksum } from './posix-cksum.ts';
import { runScript } from './run-script.ts';
import { type Actor, type GuestTarget, nameOf } from './target.ts';

/** Where parts lie until they are installed; made by the script `files`. */
const STAGE = '/var/lib/muster/stage';

interface Payload {
  readonly file: FileSpec;
  readonly content: Uint8Array;
  readonly cksum: string;
}

/**
 * Brings the declared files into the guest: those whose digest differs are written in parts through the agent
 * and then put in place, complete and with their mode, by one rename each. Returns the paths that were
 * written. Throws GuestError (`file-failed`), Fenced, PveError.
 */
export async function sendFiles(
  target: GuestTarget,
  actor: Actor,
  files: readonly FileSpec[],
  contents: Readonly<Record<string, string>>,
): Promise<readonly string[]> {
  if (files.length === 0) return [];
  const payloads = files.map((file) => payloadOf(target, file, contents));
  const verdicts = await callFiles(target, actor, 'check', payloads.flatMap(checkArgs));
  const stale = payloads.filter((_, index) => verdicts.get(index)?.[0] !== 'same');
  if (stale.length === 0) return [];
  const parts: number[] = [];
  for (const payload of stale) parts.push(await stageParts(target, payload));
  const args = stale.flatMap((payload, index) => [...checkArgs(payload), String(parts[index])]);
  const installed = await callFiles(target, actor, 'install', args);
  stale.forEach((payload, index) => {
    const [verdict, why] = installed.get(index) ?? ['unknown', 'the guest did not say'];
    if (verdict !== 'installed')
      throw new GuestError(
        'file-failed',
        `${nameOf(target)}: could not write ${payload.file.to}: ${why ?? verdict}`,
      );
  });
  return stale.map((payload) => payload.file.to);
}

function payloadOf(
  target: GuestTarget,
  file: FileSpec,
  contents: Readonly<Record<string, string>>,
): Payload {
  const encoded = contents[file.digest];
  if (encoded === undefined)
    throw new GuestError(
      'file-content-missing',
      `${nameOf(target)}: the content of ${file.from} (sha256 ${file.digest}) is not in the plan`,
      'Plan again.',
    );
  const content = Buffer.from(encoded, 'base64');
  return { file, content, cksum: posixCksum(content) };
}

function checkArgs({ file, cksum }: Payload): readonly string[] {
  return [file.digest, cksum, file.mode, file.to];
}

/** Writes the parts, named by digest and number; returns how many there are. */
async function stageParts(target: GuestTarget, { file, content }: Payload): Promise<number> {
  const count = Math.max(1, Math.ceil(content.length / MAX_FILE_WRITE));
  for (let part = 0; part < count; part++)
    await target.agent.writeFile(
      target.node,
      target.vmid,
      `${STAGE}/${file.digest}.${part}`,
      content.subarray(part * MAX_FILE_WRITE, (part + 1) * MAX_FILE_WRITE),
    );
  return count;
}

/** Index of the file → its verdict and reason. */
async function callFiles(
  target: GuestTarget,
  actor: Actor,
  mode: 'check' | 'install',
  args: readonly string[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const text = await runScript(target, 'files', [String(actor.fence), actor.run, mode, ...args], {
    timeout: 120_000,
  });
  return new Map(
    outputLines(text).flatMap(([kind, index, ...rest]) =>
      kind === 'file' ? [[Number(index), rest] as const] : [],
    ),
  );
}
