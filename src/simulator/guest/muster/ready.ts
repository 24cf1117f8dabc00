import type { Program } from '../program.ts';
import { answer } from './answer.ts';

/** Waits up to the given seconds for cloud-init, as long as there is any. */
export const ready: Program = ({ guest, args, nowMs }) => {
  const done = guest.cloudInitDoneMs;
  if (done === null) return answer([['cloud-init', 'absent', '']]);
  const disabled = guest.files['/etc/cloud/cloud-init.disabled'] !== undefined;
  if (disabled) return answer([['cloud-init', 'disabled', '']]);
  const left = Math.max(0, done - nowMs);
  const patience = Number(args[0] ?? '0') * 1000;
  if (left > patience) return answer([['cloud-init', 'running', '']], patience + 20);
  const state = guest.cloudInitError === undefined ? 'done' : 'error';
  return answer([['cloud-init', state, guest.cloudInitError ?? '']], left + 20);
};
