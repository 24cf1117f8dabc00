import { assertNever } from '../model/assert-never.ts';
import type { ActionKind, Finding, Plan, Reason, WorkerPlan } from '../model/plan.ts';
import { escapeTerminal } from './escape/terminal.ts';
import { labelled } from './layout.ts';
import { formatLocation } from './place.ts';
import { changeLines } from './plan/change-lines.ts';
import { findingText } from './plan/checks-lines.ts';
import { untilWords } from './words.ts';

const REASONS: Readonly<Record<Reason, string>> = {
  new: 'it is declared, and the state does not know it yet',
  'new-node': 'its node joined the cluster, and its set follows the cluster',
  'declaration-changed': 'its declaration is not what was last applied',
  drift: 'its VM was changed outside Muster',
  'image-changed': 'its image is not the one that its VM was made from',
  'vm-gone': 'the VM that the state records is gone from the cluster',
  'left-running': 'it runs, and no session or lease holds it',
  'run-lost': 'it runs, and the run that launched it is dead',
  interrupted: 'an earlier run was interrupted in the middle of this',
  undeclared: 'nothing declares it any more, and it is not listed under "removed"',
  'node-gone': 'its node left the cluster',
  orphan: 'a VM bears its marks, and the state does not know it',
  renamed: 'it is listed under "renamed"',
  removed: 'it is listed under "removed": its VM is left alone',
  eager: 'it is declared with deploy: eager',
  requested: 'a flag of this command asks for it',
};

/** Why one worker is planned as it is, from the plan's own record. */
export function explainWorker(plan: Plan, worker: WorkerPlan, program: string): string {
  const { held, actions } = worker;
  const own = plan.preflight.filter(
    (line) => line.worker === worker.worker && line.result !== 'ok',
  );
  const findings = plan.findings.filter((finding) => finding.worker === worker.worker);
  const actionWords = actions.length === 0 ? 'nothing' : actions.join(', then ');
  const lines = [
    ...labelled('Worker', `${escapeTerminal(worker.worker)}${placeWords(worker)}`),
    ...labelled('Action', held === undefined ? actionWords : `${actionWords}; held`),
    ...worker.reasons.flatMap((reason, index) =>
      labelled(index === 0 ? 'Why' : '', `${reason}: ${REASONS[reason]}`),
    ),
    ...labelled('Node', nodeWords(worker)),
    ...vmLines(worker),
    ...heldLines(worker),
    ...changeBlock(worker),
    ...own.flatMap(({ message, remedy = '' }) =>
      labelled('Preflight', escapeTerminal(`${message}. ${remedy}`.trim())),
    ),
    ...findingLines(findings),
    ...labelled('Instead', wayOut(worker, program)),
  ];
  return `${lines.join('\n')}\n`;
}

/** One that the plan leaves alone. */
export function explainUnchanged(plan: Plan, worker: string, node: string): string {
  const findings = plan.findings.filter((finding) => finding.worker === worker);
  const lines = [
    ...labelled('Worker', escapeTerminal(worker)),
    ...labelled('Action', 'nothing'),
    ...labelled('Why', 'its declaration, the state and the cluster agree'),
    ...labelled('Node', escapeTerminal(node)),
    ...findingLines(findings),
  ];
  return `${lines.join('\n')}\n`;
}

function findingLines(findings: readonly Finding[]): readonly string[] {
  return findings.flatMap((finding) => labelled('Finding', findingText(finding)));
}

function placeWords({ declaredAt, set }: WorkerPlan): string {
  const by = set === undefined ? '' : ` by workerSets.${escapeTerminal(set)}`;
  if (declaredAt === undefined) return ', not declared';
  return `, declared${by} in ${formatLocation(declaredAt)}`;
}

function nodeWords({ node, set, desired, changes }: WorkerPlan): string {
  const name = escapeTerminal(node);
  const isMoved = changes.some(({ path }) => path === 'node');
  if (isMoved && desired !== undefined)
    return `${name} now; ${escapeTerminal(desired.spec.node)} is declared`;
  if (desired === undefined) return `${name}: recorded there`;
  if (set !== undefined) return `${name}: the set has a worker on each of its nodes`;
  return `${name}: declared`;
}

function vmLines({ vmid, frees, actions }: WorkerPlan): readonly string[] {
  const isMade = actions.includes('deploy') || actions.includes('configure');
  const isLost = actions.includes('destroy') || actions.includes('replace');
  return [
    ...(vmid === undefined ? [] : labelled('VM', `${vmid}${isMade ? ', to be made' : ''}`)),
    ...(isLost ? frees.flatMap((volume) => labelled('Deletes', escapeTerminal(volume))) : []),
  ];
}

function heldLines({ held }: WorkerPlan): readonly string[] {
  if (held === undefined) return [];
  const by = held.by === '' ? '' : ` (${escapeTerminal(held.by)})`;
  return labelled(
    'Held',
    `${held.why}${by}${untilWords(held)}. ${escapeTerminal(held.remedy ?? '')}`.trim(),
  );
}

function changeBlock({ changes }: WorkerPlan): readonly string[] {
  if (changes.length === 0) return [];
  return ['Changes', ...changeLines(changes, { verbose: true, indent: 4 })];
}

/** What would make the plan another one. */
function wayOut({ worker, actions, reasons }: WorkerPlan, program: string): string {
  const name = escapeTerminal(worker);
  const exclude = `${program} plan --exclude ${name} leaves it out`;
  const last = actions.at(-1);
  if (reasons.includes('undeclared'))
    return `declare it again, or list it under "removed" to keep its VM; ${exclude}`;
  if (last === undefined) return 'nothing has to be done';
  return `${insteadOf(last, reasons)}; ${exclude}`;
}

function insteadOf(action: ActionKind, reasons: readonly Reason[]): string {
  switch (action) {
    case 'update':
      return reasons.includes('drift')
        ? 'declare what was changed by hand to keep it'
        : 'declare what was applied last to keep that';
    case 'replace':
      return insteadOfReplace(reasons);
    case 'configure':
    case 'deploy':
      return 'remove its declaration, or set enabled: false to never launch it';
    case 'adopt':
      return 'remove its declaration, and the VM is only reported as an orphan';
    case 'rename':
      return 'take it out of "renamed"; then it is another worker';
    case 'shutdown':
      return 'a session or a test launches it; at rest a worker is powered off';
    case 'destroy':
    case 'forget':
      return 'keep it declared';
    case 'test':
    case 'session':
      return 'leave the flag out that asks for it';
    default:
      return assertNever(action);
  }
}

function insteadOfReplace(reasons: readonly Reason[]): string {
  if (reasons.includes('image-changed'))
    return 'onImageChange: nextDeploy or ignore keeps a VM when only its image changes';
  if (reasons.includes('requested')) return 'leave the flag out that asks for it';
  return 'declare what was applied last to keep its VM';
}
