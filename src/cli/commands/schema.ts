import { SCHEMAS } from '../../generated/schemas.ts';
import { DiagnosticsError, problem } from '../../model/diagnostic.ts';
import type { Invocation } from '../invocation.ts';

/** Prints a published JSON Schema, byte for byte, so that it can be piped into a file for an editor. */
export async function runSchema({ context, args }: Invocation): Promise<number> {
  const name = args[0] ?? 'declaration';
  const text = Object.entries(SCHEMAS).find(([key]) => key === name)?.[1];
  if (text === undefined) {
    const known = Object.keys(SCHEMAS).join(', ');
    const message = `there is no schema "${name}"`;
    throw new DiagnosticsError([problem('unknown-schema', message, `Choose one of ${known}.`)]);
  }
  context.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  return 0;
}
