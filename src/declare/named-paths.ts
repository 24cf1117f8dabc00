import { posix } from 'node:path';
import type { DeclarationDocument } from '../generated/declaration-document.ts';
import type { Locator } from './locator.ts';
import { projectPath } from './project-path.ts';
import type { Mistake, Path } from './source.ts';

/** Of the state and the CA: relative to the project's root, or absolute; undefined when it leads outside. */
export function namedPath(locator: Locator, path: Path, text: string): string | undefined {
  if (posix.isAbsolute(text)) return text;
  return projectPath(locator.spot({ path }).source.file, text);
}

/** Relative paths of the state and the CA that lead outside the project. */
export function namedPathMistakes(
  { state, cluster }: DeclarationDocument,
  locator: Locator,
): readonly Mistake[] {
  const named: readonly (readonly [Path, string | undefined])[] = [
    [['state', 'path'], state?.path],
    [['cluster', 'tls', 'ca'], cluster?.tls?.ca],
  ];
  return named.flatMap(([path, text]) =>
    text === undefined || namedPath(locator, path, text) !== undefined
      ? []
      : [outsideProject(path, text)],
  );
}

export function outsideProject(path: Path, text: string): Mistake {
  return {
    code: 'outside-project',
    message: `"${text}" leads outside the project`,
    at: [{ path }],
    remedy: "Use a relative path inside the project's folder.",
  };
}
