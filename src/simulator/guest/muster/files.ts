import { createHash } from 'node:crypto';
import type { Guest, Program } from '../program.ts';
import { answer, refuse } from './answer.ts';
import { makeFolder, namesUnder, STATE } from './disk.ts';
import { takeFence } from './fence.ts';

const STAGE = `${STATE}/stage`;

export const files: Program = ({ guest, args, nowMs }) => {
  const [fence = '', run = '', verb = '', ...rest] = args;
  const refused = takeFence(guest, fence, run, nowMs);
  if (refused !== undefined) return refused;
  makeFolder(guest, STAGE, nowMs);
  if (verb === 'check') {
    const lines = groups(rest, 4).map((group, index) => ['file', index, check(guest, group)]);
    return answer([...lines, ['end']], 30);
  }
  if (verb !== 'install') return refuse(64, `'${verb}' is neither check nor install`);
  const lines = groups(rest, 5).map((group, index) => {
    const why = install(guest, group, nowMs);
    return why === undefined ? ['file', index, 'installed'] : ['file', index, 'failed', why];
  });
  for (const name of namesUnder(guest, STAGE)) delete guest.files[`${STAGE}/${name}`];
  return answer([...lines, ['end']], 40);
};

function groups(words: readonly string[], size: number): string[][] {
  const found: string[][] = [];
  for (let at = 0; at < words.length; at += size) found.push(words.slice(at, at + size));
  return found;
}

function check(guest: Guest, [digest = '', , mode = '', path = '']: readonly string[]): string {
  const file = guest.files[path];
  if (file === undefined || sha256(file.content) !== digest) return 'differs';
  file.mode = Number.parseInt(mode, 8);
  return 'same';
}

/** Puts a file together from its parts; the reason when it can't be done. */
function install(
  guest: Guest,
  [digest = '', , mode = '', path = '', parts = '']: readonly string[],
  nowMs: number,
): string | undefined {
  if (!path.startsWith('/')) return 'not an absolute path';
  if (namesUnder(guest, path).length > 0) return 'it is a directory';
  // A caller who lost the answer asks again, and the parts are gone.
  if (check(guest, [digest, '', mode, path]) === 'same') return undefined;
  let content = '';
  for (let part = 0; part < Number(parts); part += 1) {
    const piece = guest.files[`${STAGE}/${digest}.${part}`];
    if (piece === undefined) return `cat: ${STAGE}/${digest}.${part}: No such file or directory`;
    content += piece.content;
  }
  if (sha256(content) !== digest) return 'what arrived has another check sum';
  guest.files[path] = { content, mode: Number.parseInt(mode, 8), mtimeMs: nowMs };
  return undefined;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
