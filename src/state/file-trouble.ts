import { type Diagnostic, DiagnosticsError, problem } from '../model/diagnostic.ts';

/** The code of a failed file operation (`ENOENT`, `ENOSPC` …); undefined when it was something else. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Runs a file operation; an outside failure becomes a diagnostic that names the path and how to mend it.
 * `what` says what was tried: "read the state". Anything else passes through: it is a bug.
 */
export async function withFileTrouble<T>(
  what: string,
  path: string,
  operation: () => Promise<T>,
): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined || error instanceof DiagnosticsError) throw error;
    throw diagnosed(fileTrouble(what, path, code, String(error)), error);
  }
}

function diagnosed(diagnostic: Diagnostic, cause: unknown): DiagnosticsError {
  const error = new DiagnosticsError([diagnostic]);
  error.cause = cause;
  return error;
}

function fileTrouble(what: string, path: string, code: string, seen: string): Diagnostic {
  const [id, why, remedy] = TROUBLES[code] ?? ['file-trouble', `it failed with ${code}`, undefined];
  return problem(id, `can't ${what} ${path}: ${why}`, remedy, [seen]);
}

const NOT_PERMITTED = [
  'not-permitted',
  'this user may not do that',
  'Check the owner and mode of the file and of its folder.',
] as const;

const DISK_FULL = [
  'disk-full',
  'no space is left on its disk',
  'Make room on that disk and try again; what was there before is untouched.',
] as const;

const TROUBLES: Readonly<Record<string, readonly [string, string, string?]>> = {
  EACCES: NOT_PERMITTED,
  EPERM: NOT_PERMITTED,
  EROFS: [
    'read-only',
    'its file system is read-only',
    'Use a path on a file system that can be written.',
  ],
  ENOSPC: DISK_FULL,
  EDQUOT: DISK_FULL,
  EFBIG: ['file-too-big', 'it would be larger than this file system or user allows'],
  EISDIR: [
    'is-a-folder',
    'there is a folder with that name',
    'Move the folder away, or use another path.',
  ],
  ENOTDIR: ['not-a-folder', 'a part of its path is a file, not a folder', 'Use another path.'],
  ENOENT: ['no-such-file', 'a part of its path does not exist', 'Check the path for a slip.'],
  ENAMETOOLONG: ['name-too-long', 'its name is too long for this file system'],
  ELOOP: ['link-loop', 'its links lead in a circle', 'Remove the link, or use another path.'],
  EMFILE: ['too-many-files', 'this process has too many files open', 'Raise it with `ulimit -n`.'],
  ENFILE: ['too-many-files', 'this machine has too many files open'],
  ESTALE: ['file-trouble', 'the network file system lost it', 'Check the mount and try again.'],
  EIO: ['disk-failing', 'the disk reports an error', 'Check the disk before you go on.'],
};
