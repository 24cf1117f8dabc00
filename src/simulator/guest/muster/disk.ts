import type { Guest } from '../program.ts';

/** Where the real scripts keep things: STATE outlives a reboot, RUN does not. */
export const STATE = '/var/lib/muster';
export const RUN = '/run/muster';

export function writeFile(guest: Guest, path: string, content: string, nowMs: number): void {
  guest.files[path] = { content, mode: 0o600, mtimeMs: nowMs };
}

export function readFile(guest: Guest, path: string): string | undefined {
  return guest.files[path]?.content;
}

/** Folders are implied by what is in them; an empty one is kept as a name that ends in a slash. */
export function makeFolder(guest: Guest, path: string, nowMs: number): void {
  guest.files[`${path}/`] ??= { content: '', mode: 0o755, mtimeMs: nowMs };
}

/** Names directly or deeper under a folder, relative to it. */
export function namesUnder(guest: Guest, folder: string): string[] {
  const prefix = `${folder}/`;
  return Object.keys(guest.files)
    .filter((path) => path.startsWith(prefix) && path !== prefix)
    .map((path) => path.slice(prefix.length));
}
