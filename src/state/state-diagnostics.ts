import { assertNever } from '../model/assert-never.ts';
import { type Diagnostic, DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { ParsedState } from './state-text.ts';

/** The state, or a diagnostic: what cannot be read as a state is never taken for an empty one. */
export function requireState(
  parsed: ParsedState,
  where: string,
  backup: string | undefined,
): Extract<ParsedState, { kind: 'state' }> {
  if (parsed.kind === 'state') return parsed;
  throw new DiagnosticsError([unusable(parsed, where, backup)]);
}

/** There is no state, but a backup says that there was one. */
export function stateVanished(where: string, backup: string): DiagnosticsError {
  return new DiagnosticsError([
    problem(
      'state-missing',
      `the state ${where} is gone, though there was one: its backup is still there`,
      `Put it back: cp ${backup} ${where}. Or rebuild it from the marks of the VMs: muster state recover. To begin with a new, empty state, remove the backup.`,
    ),
  ]);
}

/** There was a state when this run began, and now there is none. */
export function stateRemoved(where: string): DiagnosticsError {
  return new DiagnosticsError([
    problem(
      'state-missing',
      `the state ${where} was removed while this run was using it`,
      'Put it back before you plan again; this run writes nothing more.',
    ),
  ]);
}

/** Somebody else's state stands where this project's was expected. */
export function foreignState(
  where: string,
  what: 'project' | 'environment' | 'lineage',
  expected: string,
  found: string,
): DiagnosticsError {
  const remedy =
    what === 'lineage'
      ? 'It was replaced while this run was using it; find out by whom, then plan again.'
      : 'Check state.path and -e; to move a state to another project, use `muster state pull` and `push`.';
  return new DiagnosticsError([
    problem(
      'foreign-state',
      `the state ${where} belongs to ${what} ${quoted(found)}, not to ${quoted(expected)}`,
      remedy,
    ),
  ]);
}

function unusable(
  parsed: Exclude<ParsedState, { kind: 'state' }>,
  where: string,
  backup: string | undefined,
): Diagnostic {
  const remedy = restoreRemedy(where, backup);
  switch (parsed.kind) {
    case 'empty':
      return problem(
        'state-empty',
        `the state ${where} is there, but has nothing in it`,
        `${remedy} To begin with a new state, remove the empty one.`,
        ['A full disk or a crash of a program that copied it can leave such a file.'],
      );
    case 'corrupt':
      return problem('state-corrupt', `the state ${where} is damaged`, remedy, [
        ...parsed.problems,
        'It was left as it is, and will not be overwritten.',
      ]);
    case 'terraform':
      return problem(
        'state-terraforms',
        `${where} holds a state of Terraform's`,
        'Give Muster a place of its own: another state.path, or an address with another name.',
        ['It was left as it is.'],
      );
    case 'older':
      return problem(
        'state-older',
        `the state ${where} has format ${parsed.format}, which is too old for this Muster`,
        'Apply once with a Muster between the one that wrote it and this one. Or put it away and rebuild it from the marks of the VMs: muster state recover.',
        ['It was left as it is, and will not be overwritten.'],
      );
    case 'newer':
      return problem(
        'state-newer',
        `the state ${where} has format ${parsed.format}, which this Muster does not know`,
        `Use ${parsed.needs === undefined ? `a Muster that knows state format ${parsed.format}` : `Muster ${parsed.needs}`}: somebody has written the state with a newer one.`,
      );
    default:
      return assertNever(parsed);
  }
}

function restoreRemedy(where: string, backup: string | undefined): string {
  return backup === undefined
    ? 'Restore it from a backup or from version control (there is no .backup beside it).'
    : `Restore it: cp ${backup} ${where}. It is the state as it was before the last run that changed it.`;
}

function quoted(text: string): string {
  return text === '' ? '(none)' : JSON.stringify(text);
}
