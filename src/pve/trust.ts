import { X509Certificate } from 'node:crypto';
import {
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from 'node:tls';
import { DiagnosticsError, problem } from '../model/diagnostic.ts';

export interface TlsOptions {
  /** SHA-256 of leaf certificates, hex with or without colons. When there are any, nothing else is trusted. */
  readonly fingerprints: readonly string[];
  /** PEM text. Default: the system's certificate authorities. */
  readonly ca?: string;
  /** These, as PEM text; default: those that come with Node.js, which has no way of its own to the system's. */
  readonly systemCa?: string | undefined;
}

/** Which certificates are trusted. There is no way to trust all of them. */
export interface Trust {
  readonly context: SecureContext;
  /** Why the peer of this finished handshake is not trusted; undefined when it is. */
  verdict(socket: TLSSocket): Mistrust | undefined;
}

export interface Mistrust {
  readonly reason: string;
  readonly certificate: { readonly issuer: string; readonly fingerprint: string };
}

/** Throws DiagnosticsError when a fingerprint or the CA can't be read. */
export function createTrust(options: TlsOptions): Trust {
  const pins = options.fingerprints.map(readFingerprint);
  const context = createSecureContext(authorities(options, pins.length > 0));
  return {
    context,
    verdict: (socket) => {
      const certificate = socket.getPeerCertificate();
      const reason =
        pins.length > 0 ? pinned(pins, certificate) : verified(socket, options.ca !== undefined);
      return reason === undefined ? undefined : { reason, certificate: describe(certificate) };
    },
  };
}

/** A system's bundle takes a tenth of a second to read: not for a fingerprint. */
function authorities(
  { ca, systemCa }: TlsOptions,
  isPinned: boolean,
): { readonly ca?: string | string[] } {
  if (ca !== undefined) return { ca: readCa(ca) };
  return isPinned || systemCa === undefined ? {} : { ca: systemCa };
}

function pinned(pins: readonly string[], certificate: PeerCertificate): string | undefined {
  const seen = bare(certificate.fingerprint256 ?? '');
  if (pins.includes(seen)) return undefined;
  const trusted = pins.map((pin) => pin.replace(/..(?=.)/g, '$&:')).join(' or ');
  return `its fingerprint is not the one that is trusted, ${trusted}`;
}

/** Chain, dates and host name, as checked during the handshake whatever the environment says. */
function verified(socket: TLSSocket, ownCa: boolean): string | undefined {
  if (socket.authorized) return undefined;
  const code = String(socket.authorizationError);
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'it is valid, but for other host names';
  if (code === 'CERT_HAS_EXPIRED') return 'it has expired';
  if (/SELF_SIGNED|UNABLE_TO|UNTRUSTED/.test(code))
    return ownCa ? 'it is not signed by the given CA' : 'this machine does not know its issuer';
  return code;
}

function describe(certificate: PeerCertificate): Mistrust['certificate'] {
  // An empty object when the peer showed none.
  const issuer: Partial<PeerCertificate['issuer']> = certificate.issuer ?? {};
  return {
    issuer: [issuer.O ?? issuer.CN ?? 'unknown'].flat().join(', ').slice(0, 200),
    fingerprint: certificate.fingerprint256 ?? '',
  };
}

function readFingerprint(text: string): string {
  const digits = bare(text);
  if (/^[0-9A-F]{64}$/.test(digits)) return digits;
  const remedy = 'Take the SHA-256 line of `pvenode cert info`: 32 bytes in hex, with colons.';
  throw new DiagnosticsError([
    problem('bad-fingerprint', `"${text.slice(0, 120)}" is not a SHA-256 fingerprint`, remedy),
  ]);
}

function bare(fingerprint: string): string {
  return fingerprint.replace(/[:\s]/g, '').toUpperCase();
}

function readCa(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const block of blocks) new X509Certificate(block);
    if (blocks.length > 0) return blocks;
  } catch {
    // Told below, like a file without any certificate.
  }
  const remedy = 'Copy /etc/pve/pve-root-ca.pem from a node.';
  throw new DiagnosticsError([
    problem('bad-ca', 'the CA file holds no readable certificate', remedy),
  ]);
}
