import { isIP } from 'node:net';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';

export interface Endpoint {
  /** "https://pve1.example.net:8006": for messages. */
  readonly url: string;
  readonly secure: boolean;
  /** Without the brackets of an IPv6 address. */
  readonly host: string;
  readonly port: number;
  /** What to add to a failed connection when the port is probably the mistake. */
  readonly hint: string;
}

/**
 * Reads an endpoint's URL. Throws DiagnosticsError for anything but https://host[:port], and for plain http
 * to anywhere but this machine: a token must not cross a network in the clear.
 */
export function parseEndpoint(text: string): Endpoint {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw bad(text, 'is not a URL like https://pve1.example.net:8006');
  if (url.username !== '' || url.password !== '')
    throw bad(url.origin, 'holds a user or a password; the token is given by the environment');
  if (!/^\/?(?:api2\/json\/?)?$/.test(url.pathname) || url.search !== '' || url.hash !== '')
    throw bad(text, 'names a path; only scheme, host and port belong there');
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'https:';
  if (!secure && !isLoopback(host))
    throw bad(text, 'is plain http to another machine; it would send the token in the clear');
  return {
    url: url.origin,
    secure,
    host,
    port: Number(url.port === '' ? (secure ? 443 : 80) : url.port),
    hint: url.port === '' ? ' (the endpoint names no port; Proxmox listens on 8006)' : '',
  };
}

function isLoopback(host: string): boolean {
  if (host === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function bad(text: string, why: string): DiagnosticsError {
  const remedy = 'Write it as https://HOST:8006.';
  return new DiagnosticsError([problem('bad-endpoint', `the endpoint "${text}" ${why}`, remedy)]);
}
