import { type Diagnostic, problem } from '../model/diagnostic.ts';
import type { PveErrorFacts } from '../model/errors.ts';

/** The one message that people act on by pasting: what was seen, how to compare it, the lines to add. */
export function certificateProblem(facts: PveErrorFacts): Diagnostic {
  const where = facts.endpoint ?? 'the cluster';
  const message = `the certificate of ${where} is not trusted`;
  const { certificate } = facts;
  if (certificate === undefined) {
    return problem('untrusted', message, undefined, [facts.reason, 'The token was not sent.']);
  }
  const why = facts.reason.replace(`${message}: `, '');
  return problem('untrusted', message, undefined, [
    `It is signed by "${certificate.issuer}": ${why}`,
    'Fingerprint seen (SHA-256):',
    `  ${certificate.fingerprint}`,
    '',
    'Compare it with what the node itself says:',
    '  pvenode cert info',
    'If it is the same, put it into muster.yaml (or into MUSTER_PVE_FINGERPRINT):',
    '  cluster:',
    `    tls: { fingerprint: "${certificate.fingerprint}" }`,
    'Better, because it outlives renewals: copy /etc/pve/pve-root-ca.pem from the node and use',
    '    tls: { ca: pve-root-ca.pem }',
    '',
    'The token was not sent.',
  ]);
}
