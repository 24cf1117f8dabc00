import { DiagnosticsError, problem } from '../../model/diagnostic.ts';
import { parseDuration } from '../../model/quantity.ts';
import { quarantine } from '../../model/transitions.ts';
import { utcMinute } from '../../report/words.ts';
import { readProcessFacts } from '../../state/process-facts.ts';
import { editState, openStateOf, requireRecorded, requireWorkers } from '../edit-state.ts';
import { textOf } from '../flags.ts';
import type { Invocation } from '../invocation.ts';
import { tellEdit } from '../tell-edit.ts';

/** Keeps workers from being launched or changed until they are released, or until a time. */
export async function runQuarantine(invocation: Invocation): Promise<number> {
  const { context, flags, globals } = invocation;
  const names = [...new Set(invocation.args)];
  const note = textOf(flags, 'note') ?? '';
  if (note.trim() === '')
    throw new DiagnosticsError([
      problem('bad-flag', 'a quarantine needs a reason', 'Say why:  --note "disk is failing"'),
    ]);
  const until = untilOf(textOf(flags, 'until'), context.clock.now());
  const at = await openStateOf(invocation, 'quarantine');
  requireWorkers((await requireRecorded(at)).state, names);
  const { who: by } = await readProcessFacts(context.processes);
  const mark = { note, by, ...(until === undefined ? {} : { until }) };
  const edited = await editState(invocation, at, (before) => {
    requireWorkers(before, names);
    return names.reduce((state, name) => quarantine(state, name, mark), before);
  });
  const end = until === undefined ? '' : ` until ${utcMinute(until)}`;
  const lines = names.map((name) => `quarantined: ${name}${end}`);
  const hint = `Sessions and applies leave ${names.length === 1 ? 'it' : 'them'} alone; what runs there now goes on. To end it:  ${globals.program} release ${names.join(' ')}`;
  return tellEdit(invocation, edited, lines, [hint]);
}

/** "3d" from now, or a date or time; without a zone it is UTC. */
function untilOf(text: string | undefined, now: number): number | undefined {
  if (text === undefined) return undefined;
  const duration = parseDuration(text);
  const time = duration === undefined ? parseTime(text) : now + duration;
  if (time !== undefined && time > now) return time;
  const what = time === undefined ? 'is neither a duration nor a date' : 'is in the past';
  throw new DiagnosticsError([
    problem(
      'bad-flag',
      `--until: "${text}" ${what}`,
      'Such as 3d, 2026-12-01 or 2026-12-01T08:00Z.',
    ),
  ]);
}

function parseTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?)?$/.test(text))
    return undefined;
  const hasZone = /(?:Z|[+-]\d\d:\d\d)$/.test(text) && text.length > 10;
  const full = text.length === 10 || hasZone ? text : `${text}Z`;
  const time = Date.parse(full.replace(' ', 'T'));
  return Number.isFinite(time) ? time : undefined;
}
