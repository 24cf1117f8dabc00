import { DiagnosticsError } from '../../model/diagnostic.ts';
import { jsonLine } from '../../report/escape/json.ts';
import { sarif } from '../../report/sarif.ts';
import { count } from '../../report/words.ts';
import { choiceOf } from '../flags.ts';
import type { Invocation } from '../invocation.ts';
import { loadProject } from '../load-project.ts';
import { tell } from '../tell-failure.ts';

/** Checks the declaration. Errors are thrown like everywhere; warnings don't change the exit code. */
export async function runValidate(invocation: Invocation): Promise<number> {
  const format = choiceOf(invocation.flags, 'format', ['text', 'sarif']);
  return format === 'sarif' ? validateAsSarif(invocation) : validateAsText(invocation);
}

/** The document is written whether or not there are errors; they are told and counted as always. */
async function validateAsSarif(invocation: Invocation): Promise<number> {
  const { stdout, version } = invocation.context;
  try {
    const { warnings } = await loadProject(invocation);
    stdout.write(sarif(warnings, version));
    return 0;
  } catch (error) {
    if (error instanceof DiagnosticsError) stdout.write(sarif(error.diagnostics, version));
    throw error;
  }
}

async function validateAsText(invocation: Invocation): Promise<number> {
  const { context, globals, flags } = invocation;
  const { declaration, warnings } = await loadProject(invocation);
  const parts = {
    workers: Object.keys(declaration.workers).length,
    workerSets: Object.keys(declaration.workerSets).length,
    sessions: Object.keys(declaration.sessions).length,
  };
  if (warnings.length > 0) tell(warnings, '', { context, json: globals.json, colour: flags.color });
  if (globals.json) context.stdout.write(`${jsonLine({ type: 'valid', valid: true, ...parts })}\n`);
  else {
    const { workers, workerSets, sessions } = parts;
    const words = [
      count(workers, 'worker'),
      count(workerSets, 'worker set'),
      count(sessions, 'session'),
    ];
    context.stdout.write(`The declaration is valid: ${words.join(', ')}.\n`);
  }
  return 0;
}
