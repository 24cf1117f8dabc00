import type { Diagnostic } from '../model/diagnostic.ts';
import { problem } from '../model/diagnostic.ts';

/** A destroy or replace would free volumes that Muster did not make. */
export function refusalOf(worker: string, vmid: number, volumes: readonly string[]): Diagnostic {
  return problem(
    'foreign-volume',
    `destroying vm ${vmid} of ${worker} would delete volumes that Muster did not make`,
    `Detach them and move them to another VM, or delete them too with --force ${worker}.`,
    volumes,
  );
}
