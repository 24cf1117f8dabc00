import { cardLine, type Owner } from './marks.ts';

/**
 * A VM's description: the user's own words, a card for whoever finds the VM in the portal, and the
 * machine-readable line of its marks. It holds nothing that changes with use. PVE drops white space at the end.
 */
export function descriptionOf(
  owner: Owner,
  description: string | undefined,
  declaredIn: string,
): string {
  const own = harmless(description ?? '');
  const where = owner.environment === '' ? owner.project : `${owner.project}, ${owner.environment}`;
  const card = [
    `Backup worker ${owner.worker}, managed by Muster (project ${where}).`,
    `Declared in ${declaredIn}. Changes made here are reverted.`,
  ].join('\n\n');
  return [...(own === '' ? [] : [own]), card, cardLine(owner)].join('\n\n');
}

/** A user's text must not pass for the marks line. */
function harmless(text: string): string {
  return canonicalText(text)
    .split('\n')
    .map((line) => (line.startsWith('muster:1 ') ? `| ${line}` : line))
    .join('\n');
}

/** Text as PVE keeps it: LF line ends, nothing at the end. */
export function canonicalText(text: string): string {
  return text.replace(/\r\n?/g, '\n').trimEnd();
}
