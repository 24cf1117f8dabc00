import type { AccessSpec } from '../../src/simulator/spec.ts';

const SECRET = '00000000-0000-4000-8000-000000000009';

export interface Setup {
  readonly access: AccessSpec;
  readonly pools: readonly { readonly id: string }[];
  /** user@realm!id=secret */
  readonly token: string;
}

/** Does what a shell on a node would do with these commands. Throws on one that `pveum` does not know. */
export function runPveum(script: string): Setup {
  const roles: Record<string, readonly string[]> = {};
  const users: { id: string }[] = [];
  const pools: { id: string }[] = [];
  const acls: { path: string; who: string; role: string }[] = [];
  const tokens: { id: string; secret: string; privsep: boolean }[] = [];
  for (const words of script
    .split('\n')
    .map(wordsOf)
    .filter((line) => line.length > 0)) {
    const [program, noun, verb, first = '', ...rest] = words;
    const flag = (name: string): string => rest[rest.indexOf(`--${name}`) + 1] ?? '';
    switch (`${program} ${noun} ${verb}`) {
      case 'pveum role add':
        roles[first] = flag('privs').split(',');
        break;
      case 'pveum user add':
        users.push({ id: first });
        break;
      case 'pveum pool add':
        pools.push({ id: first });
        break;
      case 'pveum acl modify':
        acls.push({ path: first, who: flag('users'), role: flag('roles') });
        break;
      case 'pveum user token':
        tokens.push({
          id: `${rest[0]}!${rest[1]}`,
          secret: SECRET,
          privsep: flag('privsep') !== '0',
        });
        break;
      default:
        throw new Error(`no such command: ${words.join(' ')}`);
    }
  }
  const [token] = tokens;
  return { access: { users, tokens, roles, acls }, pools, token: `${token?.id}=${SECRET}` };
}

/** A shell's words, as far as these commands use its quotes; a comment ends the line. */
function wordsOf(line: string): readonly string[] {
  const words = line.match(/#.*|'[^']*'|[^\s']+/g) ?? [];
  const end = words.findIndex((word) => word.startsWith('#'));
  return words.slice(0, end < 0 ? undefined : end).map((word) => word.replaceAll("'", ''));
}
