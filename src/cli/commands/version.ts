import { jsonLine } from '../../report/escape/json.ts';
import type { Invocation } from '../invocation.ts';

export async function runVersion({ context, globals }: Invocation): Promise<number> {
  const { version, stdout } = context;
  stdout.write(globals.json ? `${jsonLine({ muster: version })}\n` : `muster ${version}\n`);
  return 0;
}
