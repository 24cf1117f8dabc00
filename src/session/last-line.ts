const LONGEST = 300;

/** The last line that is not empty, without control characters; undefined when there is none. */
export function lastLineOf(tail: Uint8Array): string | undefined {
  const lines = Buffer.from(tail)
    .toString('utf8')
    .split(/[\r\n]+/);
  const clean = lines.map((line) => line.replace(/[\u0000-\u001f\u007f]/g, ' ').trim());
  return clean.findLast((line) => line !== '')?.slice(0, LONGEST);
}
