import type { Mistake, Path } from '../source.ts';
import { isOpen, type RuleContext } from './rule.ts';

/** HOST:PORT of a repository; IPv6 hosts stand in brackets. Undefined when it is not one. */
export function splitAddress(address: string): { host: string; port: number } | undefined {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || !(port >= 1 && port <= 65_535) ? undefined : { host, port };
}

export function repositoryRule({ document }: RuleContext): readonly Mistake[] {
  return Object.entries(document.repositories ?? {}).flatMap(([name, { address, env = {} }]) => [
    ...addressMistakes(address, ['repositories', name]),
    ...envMistakes(env, ['repositories', name, 'env']),
  ]);
}

function addressMistakes(address: string | undefined, path: Path): readonly Mistake[] {
  if (address === undefined)
    return [
      { code: 'missing-key', message: 'a repository needs "address"', at: [{ path, part: 'key' }] },
    ];
  if (isOpen(address) || splitAddress(address) !== undefined) return [];
  return [
    {
      code: 'bad-value',
      message: 'a port is a number from 1 to 65535',
      at: [{ path: [...path, 'address'] }],
    },
  ];
}

const LOOKS_SECRET = /(PASSWORD|PASSPHRASE|PASSWD|SECRET|TOKEN|PRIVATE_?KEY|API_?KEY)$/i;

/** A secret in a file that is shared and kept for ever is worth a warning. */
export function envMistakes(env: Readonly<Record<string, string>>, path: Path): readonly Mistake[] {
  return Object.entries(env)
    .filter(([name, value]) => LOOKS_SECRET.test(name) && value !== '' && !isOpen(value))
    .map(([name]) => ({
      severity: 'warning',
      code: 'secret-in-yaml',
      message: `${name} looks like a secret, and stands in the file`,
      at: [{ path: [...path, name], part: 'key' }],
      remedy: `Write "\${secret.${name}}" and set ${name} in the environment.`,
    }));
}
