/** One step of the CRC that POSIX defines for `cksum` (polynomial 0x04C11DB7, most significant bit first). */
function step(crc: number, byte: number): number {
  let next = crc ^ (byte << 24);
  for (let bit = 0; bit < 8; bit++) next = next & 0x80000000 ? (next << 1) ^ 0x04c11db7 : next << 1;
  return next;
}

/** What `cksum` prints for these bytes: "CRC LENGTH". For guests that have no sha256sum. */
export function posixCksum(content: Uint8Array): string {
  let crc = 0;
  for (const byte of content) crc = step(crc, byte);
  for (let rest = content.length; rest > 0; rest = Math.floor(rest / 256))
    crc = step(crc, rest & 0xff);
  return `${~crc >>> 0} ${content.length}`;
}
