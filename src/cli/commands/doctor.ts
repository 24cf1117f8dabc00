import { doctorText } from '../../report/doctor-text.ts';
import { jsonDocument } from '../../report/escape/json.ts';
import { examine } from '../examine.ts';
import { EXIT_CODES } from '../exit-code.ts';
import { isSet } from '../flags.ts';
import type { Invocation } from '../invocation.ts';
import { loadProject } from '../load-project.ts';
import { setupText } from '../setup-text.ts';

/** Looks at everything that a plan needs, as far as each is reachable; exit 1 when something fails. */
export async function runDoctor(invocation: Invocation): Promise<number> {
  const { context, globals, flags } = invocation;
  const project = await loadProject(invocation);
  if (isSet(flags, 'print-setup')) {
    context.stdout.write(setupText(project.declaration));
    return 0;
  }
  const lines = await examine(invocation, project);
  context.stdout.write(
    globals.json ? jsonDocument({ checks: lines }) : doctorText(lines, globals.paint),
  );
  return lines.some(({ result }) => result === 'fail') ? EXIT_CODES.impossible : 0;
}
