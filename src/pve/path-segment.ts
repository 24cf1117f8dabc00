import { PveError } from '../model/errors.ts';

/**
 * Values that become part of a request's path are checked first: they come from YAML, state files and answers,
 * and a `?`, `#` or `..` in one would make it another request. Each returns its argument, or throws a PveError
 * (`refused`, status 0: nothing was sent).
 */

export function nodeName(text: string): string {
  return checked(text, /^[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/, 'a node name');
}

export function storageName(text: string): string {
  return checked(text, /^[A-Za-z](?:[\w.-]{0,98}[A-Za-z0-9])?$/, 'a storage name');
}

export function guestId(vmid: number): number {
  if (Number.isInteger(vmid) && vmid >= 100 && vmid <= 999_999_999) return vmid;
  throw notSent(`${vmid} is not a VM id`);
}

/** A task's id, escaped: it holds colons, and may hold a user's `@` and `!`. */
export function taskSegment(upid: string): string {
  nodeOfTask(upid);
  return encodeURIComponent(upid);
}

/** The node on which a task runs. The id behind the type may be empty or hold dots and slashes. */
export function nodeOfTask(upid: string): string {
  const node =
    /^UPID:([A-Za-z0-9-]{1,63})(?::[0-9A-Fa-f]{8,16}){3}:[\w-]{1,64}:[^:\s]{0,256}:[^:\s]{1,256}:$/.exec(
      upid,
    )?.[1];
  if (node === undefined) throw notSent(`"${upid.slice(0, 200)}" is not a task id`);
  return node;
}

function checked(text: string, pattern: RegExp, what: string): string {
  if (pattern.test(text)) return text;
  throw notSent(`"${text.slice(0, 200)}" is not ${what}`);
}

function notSent(reason: string): PveError {
  return new PveError({ failure: 'refused', request: 'request not sent', status: 0, reason });
}
