import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';

export interface Certificate {
  /** PEM */
  readonly key: string;
  readonly cert: string;
  /** SHA-256, AA:BB:… */
  readonly fingerprint: string;
}

/** Node can read X.509 but not write it; a self-signed certificate is little enough DER to do here. */
export function selfSigned(names: readonly string[], nowMs: number): Certificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const signature = sequence(oid('1.2.840.10045.4.3.2'));
  const name = sequence(set(sequence(oid('2.5.4.3'), utf8(names[0] ?? 'simulator'))));
  const year = 365 * 24 * 3600_000;
  const body = sequence(
    tagged(0, integer(Buffer.from([2]))),
    integer(randomBytes(12)),
    signature,
    name,
    sequence(time(nowMs - 24 * 3600_000), time(nowMs + 10 * year)),
    name,
    spki,
    tagged(3, sequence(subjectAltName(names))),
  );
  const signed = createSign('sha256').update(body).sign(privateKey);
  const der = sequence(body, signature, bitString(signed));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: pem(der),
    fingerprint: fingerprintOf(der),
  };
}

function fingerprintOf(der: Buffer): string {
  const hex = createHash('sha256').update(der).digest('hex').toUpperCase();
  return hex.replace(/(..)(?=.)/g, '$1:');
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').replace(/(.{64})/g, '$1\n');
  return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`;
}

function element(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  if (content.length < 128) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length: number[] = [];
  for (let rest = content.length; rest > 0; rest >>= 8) length.unshift(rest & 0xff);
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length, ...length]), content]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => element(0x30, ...parts);
const set = (...parts: readonly Buffer[]): Buffer => element(0x31, ...parts);
const tagged = (number: number, part: Buffer): Buffer => element(0xa0 | number, part);
const utf8 = (text: string): Buffer => element(0x0c, Buffer.from(text, 'utf8'));
const bitString = (bytes: Buffer): Buffer => element(0x03, Buffer.from([0]), bytes);

/** Positive, in as few bytes as DER demands. */
function integer(bytes: Buffer): Buffer {
  const value = Buffer.from(bytes);
  value.writeUInt8((value.readUInt8(0) & 0x7f) | (value.length > 1 ? 0x40 : 0), 0);
  return element(0x02, value);
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const number of rest) {
    const part = [number & 0x7f];
    for (let left = number >> 7; left > 0; left >>= 7) part.unshift((left & 0x7f) | 0x80);
    bytes.push(...part);
  }
  return element(0x06, Buffer.from(bytes));
}

function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14);
  return element(0x18, Buffer.from(`${text}Z`));
}

function subjectAltName(names: readonly string[]): Buffer {
  const entries = names.map((name) =>
    /^\d+(?:\.\d+){3}$/.test(name)
      ? element(0x87, Buffer.from(name.split('.').map(Number)))
      : element(0x82, Buffer.from(name)),
  );
  return sequence(oid('2.5.29.17'), element(0x04, sequence(...entries)));
}
