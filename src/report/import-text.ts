import type { Finding, WorkerPlan } from '../model/plan.ts';
import { escapeTerminal } from './escape/terminal.ts';
import { indented, labelled } from './layout.ts';
import { changeLines } from './plan/change-lines.ts';
import { findingLines } from './plan/checks-lines.ts';

export interface ImportView {
  readonly worker: string;
  readonly vmid: number;
  readonly node: string;
  /** The VM's own name, and its notes, as they are now. */
  readonly vmName: string | undefined;
  readonly notes: string | undefined;
  /** SMBIOS uuid now, and the one that Muster draws; the same when it bears the marks already. */
  readonly uuid: { readonly now: string | undefined; readonly next: string };
  /** What the next plan will say of it. */
  readonly next: WorkerPlan;
  readonly findings: readonly Finding[];
  /** What is put into which file; undefined: no file is written. */
  readonly yaml: { readonly file: string; readonly added: string } | undefined;
  /** YAML that would leave the VM as it is; empty when the declaration does already. */
  readonly lacking: string;
  readonly verbose: boolean;
}

/** What an import writes now, and what the next plan will change. */
export function importText(view: ImportView): readonly string[] {
  const { worker, vmid, node, vmName, uuid, yaml } = view;
  const named = vmName === undefined ? '' : ` (${escapeTerminal(vmName)})`;
  const marks =
    uuid.now === uuid.next
      ? 'the VM bears the marks of this worker already; nothing is written to it'
      : `SMBIOS uuid ${escapeTerminal(uuid.now ?? 'none')} -> ${uuid.next} and serial, tag "muster"`;
  return [
    `Import vm ${vmid}${named} on ${escapeTerminal(node)} as worker ${escapeTerminal(worker)}`,
    '',
    ...labelled('Marks', marks),
    ...notesLines(view),
    ...(yaml === undefined
      ? []
      : [
          ...labelled('YAML', `${escapeTerminal(yaml.file)} gets, and is otherwise left as it is:`),
          ...blockOf(yaml.added),
        ]),
    ...nextLines(view),
    ...(view.findings.length === 0 ? [] : ['', ...findingLines(view.findings, view.verbose)]),
  ];
}

function notesLines({ notes, uuid }: ImportView): readonly string[] {
  if (uuid.now === uuid.next) return [];
  if (notes === undefined) return labelled('Notes', 'a card: managed by Muster, declared where');
  return labelled(
    'Notes',
    `"${escapeTerminal(notes.split('\n')[0] ?? '')}" is followed, or where it is not declared replaced, by a card: managed by Muster, declared where`,
  );
}

function nextLines({ next, lacking, yaml, verbose }: ImportView): readonly string[] {
  const changes = next.changes.filter(({ cost }) => cost !== 'record');
  if (changes.length === 0) return ['', 'The next plan changes nothing of it.'];
  const remedy =
    lacking === '' || yaml !== undefined
      ? []
      : ['', 'Declared like this, it would stay as it is:', ...blockOf(lacking)];
  return [
    '',
    'The next plan will change this of it:',
    ...changeLines(changes, { verbose, indent: 2 }),
    ...remedy,
  ];
}

function blockOf(text: string): readonly string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `    ${escapeTerminal(line)}`);
}

/** What to type next. */
export function importedText(worker: string, program: string, dryRun: boolean): readonly string[] {
  return dryRun
    ? ['', 'Nothing was written (--dry-run).']
    : [
        '',
        ...indented(`Imported. ${escapeTerminal(worker)} is recorded with its VM.`, 0),
        `Next       ${program} plan`,
        `           ${program} test ${escapeTerminal(worker)}    does the guest answer?`,
      ];
}
