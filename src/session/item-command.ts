import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import { byCodeUnit } from '../model/json.ts';
import { expandPlaceholders, placeholdersIn, type Scope } from '../model/placeholder.ts';
import type { SessionItem } from '../model/session.ts';

/** What only is known when an item is launched. */
export interface LaunchPlace {
  readonly worker: string;
  /** The worker's node. */
  readonly node: string;
  /** The address of the item's VM, where it is known. */
  readonly address?: string;
}

export interface ItemCommand {
  readonly argv: readonly string[];
  /** With secrets in it: for the guest's standard input only. */
  readonly env: Readonly<Record<string, string>>;
}

type Template = Pick<SessionItem, 'name' | 'run' | 'env'>;

/**
 * The item's command for a worker. Secrets reach `env` only. Throws DiagnosticsError when something stays
 * unknown: an unset secret, a VM's address that nobody could tell.
 */
export function itemCommand(
  item: Template,
  place: LaunchPlace,
  secrets: Readonly<Record<string, string>>,
): ItemCommand {
  const scope: Scope = {
    node: place.node,
    'worker.name': place.worker,
    ...(place.address === undefined ? {} : { 'vm.address': place.address }),
  };
  const secretScope = Object.entries(secrets).map(([name, value]) => [`secret.${name}`, value]);
  const full: Scope = { ...scope, ...Object.fromEntries(secretScope) };
  const env = Object.entries(item.env);
  return {
    argv: item.run.map((text) => fill(item, text, scope)),
    env: Object.fromEntries(env.map(([key, text]) => [key, fill(item, text, full)])),
  };
}

/** Names of the secrets that these items' environments use, sorted: all must be set before anything is launched. */
export function secretsOf(items: readonly Pick<SessionItem, 'env'>[]): readonly string[] {
  const names = items.flatMap(({ env }) =>
    Object.values(env).flatMap((text) =>
      placeholdersIn(text).flatMap(({ name }) =>
        name?.startsWith('secret.') === true ? [name.slice('secret.'.length)] : [],
      ),
    ),
  );
  return [...new Set(names)].sort(byCodeUnit);
}

/** True while the address of its VM is still to be found out. */
export function needsAddress({ run, env }: Pick<SessionItem, 'run' | 'env'>): boolean {
  return [...run, ...Object.values(env)].some((text) =>
    placeholdersIn(text).some(({ name }) => name === 'vm.address'),
  );
}

function fill({ name: item }: Template, text: string, scope: Scope): string {
  const unknown = placeholdersIn(text).find(
    ({ name }) => name === undefined || !Object.hasOwn(scope, name),
  );
  if (unknown === undefined) return expandPlaceholders(text, scope);
  const name = unknown.name ?? '';
  const remedy = name.startsWith('secret.')
    ? `Set the environment variable ${name.slice('secret.'.length)} where Muster runs.`
    : name === 'vm.address'
      ? 'Install the guest agent in that VM, or use ${vm.id} or ${vm.name}.'
      : 'Use one of the placeholders of a work item.';
  throw new DiagnosticsError([
    problem('unresolved-placeholder', `item ${item}: nothing is known for "\${${name}}"`, remedy),
  ]);
}
