/**
 * The one placeholder syntax of a declaration: `${var.x}`, `${secret.X}`, `${node}`, `${worker.name}`,
 * `${vm.id|name|node|address}`, `${item.name}`, `${repository.address}`; `$${` stands for a literal `${`.
 * Bare braces are literal. Values put in are never read for placeholders again.
 */

/** Values by placeholder name without `${}`: { node: "pve1", "worker.name": "backup-pve1" }. */
export type Scope = Readonly<Record<string, string>>;

/** One placeholder in a text. `end` is exclusive; `name` is undefined when it is never closed. */
export interface Placeholder {
  readonly name: string | undefined;
  readonly start: number;
  readonly end: number;
}

const TOKEN = /\$\$\{|\$\{([^}\n]*)\}|\$\{/g;

/** The placeholders of a text in their order; literals (`$${`) are left out. */
export function placeholdersIn(text: string): readonly Placeholder[] {
  return [...text.matchAll(TOKEN)]
    .filter((match) => match[0] !== '$${')
    .map((match) => ({
      name: match[1]?.trim(),
      start: match.index,
      end: match.index + match[0].length,
    }));
}

/**
 * The final expansion: what `scope` knows is put in, what it does not know stays as it stands, and `$${` becomes
 * `${`. Use it once per text; a text that is expanded in two goes takes `substitutePlaceholders` first.
 */
export function expandPlaceholders(text: string, scope: Scope): string {
  return text.replace(TOKEN, (token: string, name: string | undefined) =>
    token === '$${' ? '${' : (lookUp(scope, name) ?? token),
  );
}

/** Expands in part: `$${` stays, and what is put in is escaped, so that a later expansion leaves it alone. */
export function substitutePlaceholders(text: string, scope: Scope): string {
  return text.replace(
    TOKEN,
    (token: string, name: string | undefined) =>
      lookUp(scope, name)?.replaceAll('${', () => '$${') ?? token,
  );
}

/** `expandPlaceholders` on every text inside a value; keys are left alone. */
export function expandDeep<T>(value: T, scope: Scope): T {
  return mapTexts(value, (text) => expandPlaceholders(text, scope)) as T;
}

/** Every text inside a value as a declaration has to say it, so that expanding it gives the text back. */
export function literalDeep<T>(value: T): T {
  return mapTexts(value, (text) => text.replaceAll('${', () => '$${')) as T;
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((entry) => mapTexts(entry, change));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, mapTexts(entry, change)]),
  );
}

function lookUp(scope: Scope, name: string | undefined): string | undefined {
  const key = name?.trim();
  return key !== undefined && Object.hasOwn(scope, key) ? scope[key] : undefined;
}
