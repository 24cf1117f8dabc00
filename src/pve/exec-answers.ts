import type { ExecResult } from '../model/pve-port.ts';
import {
  asMembers,
  asMembersList,
  flagOf,
  type Members,
  numberOf,
  textOf,
} from './answer-shape.ts';

/** `GET …/agent/exec-status`; undefined while the command runs. A signal n counts as exit code 128 + n. */
export function readExecStatus(data: unknown): ExecResult | undefined {
  const answer = asMembers(data);
  if (!flagOf(answer, 'exited')) return undefined;
  const signal = numberOf(answer, 'signal');
  return {
    exitCode: numberOf(answer, 'exitcode') ?? (signal === undefined ? -1 : 128 + signal),
    stdout: decodeGuestText(textOf(answer, 'out-data') ?? ''),
    stderr: decodeGuestText(textOf(answer, 'err-data') ?? ''),
    truncated: flagOf(answer, 'out-truncated') || flagOf(answer, 'err-truncated'),
  };
}

/** Bytes from a guest come back one code point each: they are UTF-8, seen as Latin-1. */
export function decodeGuestText(text: string): string {
  return Buffer.from(text, 'latin1').toString('utf8');
}

/** `GET …/agent/network-get-interfaces`: addresses by which others can reach the guest, in its order. */
export function readAddresses(data: unknown): readonly string[] {
  return asMembersList(asMembers(data).result)
    .flatMap(addressesOf)
    .filter((address) => !isLocal(address));
}

function addressesOf(face: Members): readonly string[] {
  const list = face['ip-addresses'];
  if (!Array.isArray(list)) return [];
  return asMembersList(list).flatMap((entry) => textOf(entry, 'ip-address') ?? []);
}

function isLocal(address: string): boolean {
  return /^(?:127\.|169\.254\.|::1$|fe[89ab])/i.test(address);
}
