import type { Guest, ProgramResult } from '../program.ts';
import { FENCED, refuse } from './answer.ts';
import { namesUnder, readFile, STATE, writeFile } from './disk.ts';

const FENCES = `${STATE}/fences`;

export function highestFence(guest: Guest): number {
  return Math.max(0, ...namesUnder(guest, FENCES).map(Number));
}

/** Keeps the fence, or answers with the refusal. */
export function takeFence(
  guest: Guest,
  fence: string,
  run: string,
  nowMs: number,
): ProgramResult | undefined {
  if (!/^\d+$/.test(fence)) return refuse(64, `fence '${fence}' is not a number`);
  const highest = highestFence(guest);
  if (highest > Number(fence)) {
    const holder = (readFile(guest, `${FENCES}/${highest}`) ?? '').trim();
    return refuse(FENCED, `fence ${fence} is lower than fence ${highest} of run ${holder}`);
  }
  for (const name of namesUnder(guest, FENCES)) delete guest.files[`${FENCES}/${name}`];
  writeFile(guest, `${FENCES}/${fence}`, `${run}\n`, nowMs);
  return undefined;
}
