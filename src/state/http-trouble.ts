import { DiagnosticsError, problem } from '../model/diagnostic.ts';
import type { HttpAnswer, HttpFailure } from './http-exchange.ts';

/** What went wrong between us and the server of the state, for people. `what`: "read the state", "lock the state". */
export function failureTrouble(
  what: string,
  where: string,
  failure: HttpFailure,
): DiagnosticsError {
  const seen = failure.message;
  const diagnostic = failure.untrusted
    ? problem(
        'state-untrusted',
        `can't ${what} ${where}: its certificate is not trusted (${seen})`,
        'Put the PEM text of the CA that signed it into MUSTER_HTTP_CLIENT_CA_CERTIFICATE_PEM.',
        ['The credentials were not sent.'],
      )
    : failure.sent
      ? problem(
          'state-unanswered',
          `can't ${what} ${where}: the server took the request and gave no whole answer (${seen})`,
          'Check the server and the way there, then try again: Muster reads what is stored before it writes.',
        )
      : problem(
          'state-unreachable',
          `can't ${what} ${where}: the server can't be reached (${seen})`,
          'Check state.address (or MUSTER_HTTP_ADDRESS) and the way there, firewalls included.',
        );
  const error = new DiagnosticsError([diagnostic]);
  error.cause = failure;
  return error;
}

/** An answer that is neither success nor a lock's. */
export function answerTrouble(what: string, where: string, answer: HttpAnswer): DiagnosticsError {
  const [code, why, remedy] = wordsFor(what, answer);
  const said = serverWords(answer);
  return new DiagnosticsError([
    problem(code, `can't ${what} ${where}: ${why}`, remedy, [
      `${answer.status} ${answer.reason}`.trim(),
      ...(said === undefined ? [] : [`the server says: ${said}`]),
    ]),
  ]);
}

/** Success, and yet not by the state's server: a login page, a proxy's notice. */
export function notAState(what: string, where: string, answer: HttpAnswer): DiagnosticsError {
  const type = answer.headers['content-type'] ?? 'no content type';
  return new DiagnosticsError([
    problem(
      'state-garbled',
      `can't ${what} ${where}: it answers with a page, not with a state (${type})`,
      'Is there a proxy or a login page in between? Address and lockAddress must be the state itself.',
      ['Nothing was written.'],
    ),
  ]);
}

/** A write was sent, no answer came, and others have written since: nobody can say whether it was taken. */
export function outcomeUnknown(where: string): DiagnosticsError {
  return new DiagnosticsError([
    problem(
      'state-unanswered',
      `a write of the state ${where} went unanswered, and another run has written since`,
      'Plan again: what this run began is recorded, or shows as interrupted.',
    ),
  ]);
}

/** Every round of lock, read and write took longer than a lock may be held. */
export function tooSlow(where: string): DiagnosticsError {
  return new DiagnosticsError([
    problem(
      'state-slow',
      `can't write the state ${where}: the server took longer than 30 s for lock and read, three times`,
      'Look why it is slow, then try again; what this run began is recorded, or shows as interrupted.',
      ['A lock that is held for longer could be broken by others, so nothing was written.'],
    ),
  ]);
}

/** GitLab says 404 for what these credentials may not see: that is not "no state yet". */
export function hidesProject(answer: HttpAnswer): boolean {
  return answer.status === 404 && /project not found/i.test(serverWords(answer) ?? '');
}

/** The server's own words, short and on one line; never a page. */
function serverWords({ body, headers }: HttpAnswer): string | undefined {
  const text = Buffer.from(body).toString('utf8').trim();
  if (text === '' || text.startsWith('<') || (headers['content-type'] ?? '').includes('html'))
    return undefined;
  return (messageIn(text) ?? text).replace(/\s+/g, ' ').slice(0, 200);
}

function messageIn(text: string): string | undefined {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== 'object' || found === null) return undefined;
    const { message, error, error_description: described } = found as Record<string, unknown>;
    return [message, described, error].find((each) => typeof each === 'string');
  } catch {
    return undefined;
  }
}

function wordsFor(
  what: string,
  { status, headers }: HttpAnswer,
): readonly [string, string, string] {
  if (status === 401)
    return [
      'state-unauthenticated',
      'the server does not accept the credentials',
      'Set MUSTER_HTTP_USERNAME and MUSTER_HTTP_PASSWORD, or MUSTER_HTTP_TOKEN (TF_HTTP_USERNAME and TF_HTTP_PASSWORD work too).',
    ];
  if (status === 403)
    return [
      'state-forbidden',
      'these credentials may not do that',
      'Give them the right to it: GitLab lets Developers read a state, and Maintainers lock and write it.',
    ];
  if (status >= 300 && status < 400)
    return [
      'state-redirected',
      `the server sends elsewhere (${headers.location ?? 'it does not say where'})`,
      'Name the final address in state.address: credentials are not sent along a redirect.',
    ];
  if (status === 404 && what === 'read the state')
    return [
      'state-hidden',
      'the server does not show that project to these credentials',
      'Check the project in the address, and that the token (of a job: its project) may see it.',
    ];
  if (status === 404 || status === 405 || status === 501)
    return [
      'state-protocol',
      'the server does not know this method or address',
      'Check lockAddress, lockMethod, unlockMethod and updateMethod; GitLab wants POST and DELETE on .../lock.',
    ];
  if (status === 413)
    return ['state-too-big', 'the state is larger than the server takes', 'Raise its limit.'];
  return status >= 500
    ? [
        'state-server-error',
        'the server failed',
        'Look into the log of that server; then try again.',
      ]
    : ['state-refused', 'the server refused', 'See the words of the server.'];
}
