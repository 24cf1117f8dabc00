import { DiagnosticsError, problem } from '../../model/diagnostic.ts';
import { StateMoved } from '../../model/errors.ts';
import { sameJson } from '../../model/json.ts';
import type { Revision } from '../../model/ports.ts';
import type { State } from '../../model/state.ts';
import { count } from '../../report/words.ts';
import { replacing } from '../../state/revision.ts';
import { requireState } from '../../state/state-diagnostics.ts';
import { parseState } from '../../state/state-text.ts';
import { keepBackup, openStateOf, requireIdle, requireNotOlder } from '../edit-state.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { isSet } from '../flags.ts';
import type { Invocation } from '../invocation.ts';
import type { Project } from '../load-project.ts';
import { tellEdit } from '../tell-edit.ts';
import { readUserFile } from '../user-file.ts';

/** Puts a state from a file where the declaration keeps it. What could be somebody else's takes `--force`. */
export async function runStatePush(invocation: Invocation): Promise<number> {
  const [file = ''] = invocation.args;
  const text = await readUserFile(invocation, file);
  const parsed = parseState(new TextEncoder().encode(text));
  const { state: pushed } = requireState(parsed, file, undefined);
  const { project, store } = await openStateOf(invocation, 'state push');
  const { state: before, revision, older } = await store.read();
  requireNotOlder(older?.format);
  if (before !== undefined && sameJson(before, pushed))
    return tellEdit(invocation, { after: before, backup: undefined }, [
      'nothing to do: it is there already',
    ]);
  if (!isSet(invocation.flags, 'force')) refuse(doubts(pushed, before, project));
  if (before !== undefined) await requireIdle(invocation, before, Object.keys(before.workers));
  const after = { ...pushed, serial: Math.max(pushed.serial, (before?.serial ?? 0) + 1) };
  const line = `pushed: ${count(Object.keys(after.workers).length, 'worker')}, lineage ${after.lineage}`;
  const dryRun = isSet(invocation.flags, 'dry-run');
  const backup = dryRun || before === undefined ? undefined : await keepBackup(invocation, before);
  if (!dryRun) await putState();
  return tellEdit(invocation, { after, backup }, [line]);

  async function putState(): Promise<void> {
    const basedOn: Revision = replacing(revision);
    if ((await store.write(after, basedOn)).kind === 'moved') throw new StateMoved(store.where);
  }
}

/** Why this state may not be the one that belongs there. */
export function doubts(
  pushed: State,
  before: State | undefined,
  { declaration }: Pick<Project, 'declaration'>,
): readonly string[] {
  const foreign = (['project', 'environment'] as const)
    .filter((key) => pushed[key] !== declaration[key])
    .map(
      (key) => `it belongs to ${key} "${pushed[key]}", the declaration to "${declaration[key]}"`,
    );
  if (before === undefined) return foreign;
  const isOther = before.lineage !== pushed.lineage;
  return [
    ...foreign,
    ...(isOther
      ? [`it is of lineage ${pushed.lineage}, the present one of ${before.lineage}`]
      : []),
    ...(!isOther && pushed.serial <= before.serial
      ? [`it has serial ${pushed.serial}, and the present one ${before.serial}: it is not newer`]
      : []),
  ];
}

/** Throws, exit 6, when there is a doubt. */
export function refuse(reasons: readonly string[]): void {
  if (reasons.length === 0) return;
  const remedy =
    'When you are certain that it is the right one, add --force; the present one is kept as a backup.';
  throw new DiagnosticsError(
    [
      problem('state-refused', 'this state does not belong there', remedy, [
        ...reasons,
        'Nothing was written.',
      ]),
    ],
    EXIT_CODES.refused,
  );
}
