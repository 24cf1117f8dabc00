import { posix } from 'node:path';

/**
 * A path of a YAML file, relative to that file, as one relative to the project's root. Undefined when it leads
 * outside the project, or is none. Links are the Files port's business.
 */
export function projectPath(file: string, path: string): string | undefined {
  if (path === '' || /[\u0000-\u001f\\]/.test(path) || posix.isAbsolute(path)) return undefined;
  const joined = posix.normalize(posix.join(posix.dirname(file), path));
  return joined === '.' || joined === '..' || joined.startsWith('../') ? undefined : joined;
}
