import type { Finding } from '../model/plan.ts';
import { escapeTerminal } from './escape/terminal.ts';
import { indented, labelled, table } from './layout.ts';
import { findingText } from './plan/checks-lines.ts';
import { count } from './words.ts';

export interface RecoveryView {
  readonly where: string;
  readonly lineage: string;
  readonly serial: number;
  readonly recovered: readonly {
    readonly worker: string;
    readonly vmid: number;
    readonly node: string;
  }[];
  readonly left: readonly Finding[];
  readonly missing: readonly string[];
  readonly silent: readonly string[];
  readonly dryRun: boolean;
  readonly program: string;
}

/** What was recovered, what was not and why, and what nobody can know any more. */
export function recoveryText(view: RecoveryView): string {
  const { recovered, missing, silent, left, dryRun, program } = view;
  const rows = recovered.map(({ worker, vmid, node }) => [
    `  ${escapeTerminal(worker)}`,
    `vm ${vmid}`,
    `on ${escapeTerminal(node)}`,
  ]);
  const verb = dryRun ? 'Would recover' : 'Recovered';
  return `${[
    ...labelled('State', `${escapeTerminal(view.where)}: lineage ${escapeTerminal(view.lineage)}`),
    '',
    recovered.length === 0
      ? 'Nothing to recover: no VM bears all marks of a worker that is declared and not recorded.'
      : `${verb} ${count(recovered.length, 'worker')} from the marks of their VMs:`,
    ...table(rows),
    ...(recovered.length === 0 ? [] : ['', ...labelled('Lost', LOST)]),
    ...(missing.length === 0
      ? []
      : labelled(
          'No VM',
          `${missing.map(escapeTerminal).join(', ')}: the next apply records ${missing.length === 1 ? 'it' : 'them'}`,
        )),
    ...(silent.length === 0
      ? []
      : labelled(
          'No answer',
          `${silent.map(escapeTerminal).join(', ')}: recover again when they answer, before you apply`,
        )),
    ...(left.length === 0 ? [] : ['', 'Left alone:']),
    ...left.flatMap((finding) => indented(findingText(finding), 2)),
    '',
    dryRun ? 'Nothing was written (--dry-run).' : `Next       ${program} plan`,
  ].join('\n')}\n`;
}

const LOST =
  'which image a VM was made from, when it was last tested, patched and used, quarantines, sessions; none of it makes the next plan change anything';
