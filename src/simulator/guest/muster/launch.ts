import type { Guest, Program } from '../program.ts';
import { answer, refuse } from './answer.ts';
import { armDeadMan, beatDeadMan } from './dead-man.ts';
import { makeFolder, namesUnder, RUN, STATE, writeFile } from './disk.ts';
import { takeFence } from './fence.ts';

export const launch: Program = ({ guest, args, nowMs }) => {
  const [fence = '', run = '', seconds = '', worker = ''] = args;
  const refused = takeFence(guest, fence, run, nowMs);
  if (refused !== undefined) return refused;
  if (!/^\d+$/.test(seconds)) return refuse(64, `'${seconds}' is not a number of seconds`);
  writeFile(guest, `${RUN}/launch`, `${worker}\n${run}\n`, nowMs);
  makeFolder(guest, `${STATE}/stage`, nowMs);
  dropOldOutput(guest, nowMs);
  const armed = armDeadMan(guest, Number(seconds), nowMs);
  const way = guest.os.init === 'systemd' ? 'systemd' : 'process';
  return answer([['armed', armed === 'already' ? 'already' : way]], 250);
};

/** That an attempt was, and how it ended, stays. */
function dropOldOutput(guest: Guest, nowMs: number): void {
  const folder = `${STATE}/attempts`;
  for (const name of namesUnder(guest, folder)) {
    const key = name.split('/')[0] ?? '';
    const exit = guest.files[`${folder}/${key}/exit`];
    const old = exit !== undefined && nowMs - exit.mtimeMs > 8 * 24 * 3_600_000;
    if (old && /\/(?:out|tail)$/.test(name)) delete guest.files[`${folder}/${name}`];
  }
}

export const beat: Program = ({ guest, args, nowMs }) => {
  const refused = takeFence(guest, args[0] ?? '', args[1] ?? '', nowMs);
  if (refused !== undefined) return refused;
  beatDeadMan(guest, nowMs);
  return answer([['beat', nowMs - guest.bootedMs]]);
};
