import { type Diagnostic, DiagnosticsError } from '../model/diagnostic.ts';
import { PveError } from '../model/errors.ts';
import type { ClusterFacts } from '../model/inventory.ts';
import { DEFAULT_PLAN_OPTIONS, type Plan } from '../model/plan.ts';
import type { Pve } from '../model/pve-port.ts';
import { formatDuration } from '../model/quantity.ts';
import { emptyState, type State } from '../model/state.ts';
import type { DoctorLine } from '../report/doctor-text.ts';
import { failureDiagnostic } from '../report/failure-diagnostic.ts';
import { olderFormatText } from '../report/plan/headline.ts';
import { count } from '../report/words.ts';
import { assemble } from './assemble.ts';
import type { Invocation } from './invocation.ts';
import { openCluster, openState, type Project } from './load-project.ts';
import { stateView } from './state-view.ts';

/** A difference that people should know of; runs themselves go by the cluster's clock. */
const MUCH_SKEW_MS = 30_000;

/** All checks of `doctor`, in order. Where one fails, those that need it are skipped. */
export async function examine(
  invocation: Invocation,
  project: Project,
): Promise<readonly DoctorLine[]> {
  const stateCheck = await examineState(invocation, project);
  const cluster = await attempt(() => openCluster(invocation, project));
  if (!cluster.ok) return [failed('credentials', cluster.error), stateCheck.line];
  const pve = cluster.value;
  try {
    const facts = await attempt(() => pve.read.facts());
    if (!facts.ok) return [connectionFailure(facts.error), ...skipped(), stateCheck.line];
    return [
      ...connectionLines(facts.value),
      quorumLine(facts.value),
      clockLine(invocation, pve),
      stateCheck.line,
      ...(await planLines(invocation, project, pve, stateCheck.state)),
    ];
  } finally {
    await pve.close();
  }
}

async function examineState(invocation: Invocation, project: Project) {
  const { context, globals } = invocation;
  const read = await attempt(async () => {
    const store = await openState(invocation, project, 'muster doctor');
    const { state, older } = await store.read();
    const weakness = await store.weakness?.();
    return { state, weakness, view: stateView(store.where, globals.root, state, older?.format) };
  });
  if (!read.ok) return { state: undefined, line: failed('state', read.error) };
  const { state, view, weakness } = read.value;
  const known = view.serial === undefined ? 'new, nothing recorded yet' : `serial ${view.serial}`;
  const { olderFormat } = view;
  const seen = olderFormat === undefined ? known : `${known}, ${olderFormatText(olderFormat)}`;
  const line: DoctorLine =
    weakness === undefined
      ? { check: 'state', result: 'ok', seen: `${view.where}: ${seen}` }
      : {
          check: 'state',
          result: 'warn',
          seen: `${view.where}: ${seen}; ${weakness}`,
          remedy: ['Set lockAddress, or use a server that checks lock ids, such as GitLab.'],
        };
  const { project: name, environment } = project.declaration;
  return { state: state ?? emptyState(context.random.uuid(), name, environment), line };
}

function connectionLines(facts: Omit<ClusterFacts, 'time'>): readonly DoctorLine[] {
  const isPlain = facts.endpoint.startsWith('http://') || facts.endpoint === 'simulator';
  return [
    { check: 'endpoint', result: 'ok', seen: facts.endpoint },
    isPlain
      ? { check: 'tls', result: 'skip', seen: 'not used here' }
      : { check: 'tls', result: 'ok', seen: 'the certificate is trusted' },
    { check: 'token', result: 'ok', seen: facts.token },
    versionLine(facts.version),
  ];
}

function versionLine(version: string): DoctorLine {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const seen = `Proxmox VE ${version}`;
  if (major < 8 || (major === 8 && minor < 4))
    return { check: 'version', result: 'fail', seen, remedy: ['Muster needs 8.4 or newer.'] };
  if (major > 9)
    return {
      check: 'version',
      result: 'warn',
      seen: `${seen}, which this Muster was not tried with`,
    };
  return { check: 'version', result: 'ok', seen };
}

function quorumLine({ quorate }: Omit<ClusterFacts, 'time'>): DoctorLine {
  if (quorate === undefined)
    return {
      check: 'quorum',
      result: 'skip',
      seen: 'the token may not ask (that takes Sys.Audit on /); plan and apply work without it',
    };
  if (quorate) return { check: 'quorum', result: 'ok', seen: 'the cluster is quorate' };
  const remedy = ['Bring nodes back: without quorum Proxmox changes nothing. See: pvecm status'];
  return { check: 'quorum', result: 'fail', seen: 'the cluster has no quorum', remedy };
}

function clockLine({ context }: Invocation, pve: Pve): DoctorLine {
  const time = pve.clusterTime();
  if (time === undefined) return { check: 'clock', result: 'skip', seen: 'no time was told' };
  const skew = Math.abs(time - context.clock.now());
  // The Date header has whole seconds.
  const words = skew < 2_000 ? 'agrees with the cluster' : `differs by ${formatDuration(skew)}`;
  if (skew <= MUCH_SKEW_MS) return { check: 'clock', result: 'ok', seen: `this machine ${words}` };
  const remedy = ['Set the clock of this machine or of the node (chrony, systemd-timesyncd).'];
  return { check: 'clock', result: 'warn', seen: `this machine ${words}`, remedy };
}

/** What preflight says of a plan that would deploy and test everything: privileges above all. */
async function planLines(
  invocation: Invocation,
  project: Project,
  pve: Pve,
  state: State | undefined,
): Promise<readonly DoctorLine[]> {
  if (state === undefined)
    return [{ check: 'privileges', result: 'skip', seen: 'no state, no plan' }];
  const open = { project, pve, state, store: noStore, stateView: { where: '', serial: undefined } };
  const planned = await attempt(() =>
    assemble(invocation, open, { ...DEFAULT_PLAN_OPTIONS, test: true }),
  );
  return planned.ok ? preflightLines(planned.value.plan) : [failed('plan', planned.error)];
}

function preflightLines(plan: Plan): readonly DoctorLine[] {
  const bad = plan.preflight.filter(({ result }) => result !== 'ok');
  const lines = bad.map(({ result, code, message, worker, remedy }): DoctorLine => {
    const seen = worker === undefined ? message : `${worker}: ${message}`;
    return { check: code, result, seen, ...(remedy === undefined ? {} : { remedy: [remedy] }) };
  });
  if (lines.length > 0) return lines;
  const seen = `${count(plan.workers.length + plan.unchanged, 'worker')} can be deployed and tested`;
  return [{ check: 'privileges', result: 'ok', seen }];
}

function connectionFailure(error: unknown): DoctorLine {
  const failure = error instanceof PveError ? error.facts.failure : undefined;
  const check =
    failure === 'untrusted' ? 'tls' : failure === 'unauthenticated' ? 'token' : 'endpoint';
  return failed(check, error);
}

function skipped(): readonly DoctorLine[] {
  const checks = ['version', 'quorum', 'privileges', 'clock'];
  return checks.map((check) => ({ check, result: 'skip', seen: 'the cluster was not reached' }));
}

function failed(check: string, error: unknown): DoctorLine {
  const diagnostic = diagnosticOf(error);
  const { message, detail = [], remedy } = diagnostic;
  const lines = [...detail, ...(remedy === undefined ? [] : [remedy])];
  return { check, result: 'fail', seen: message, ...(lines.length === 0 ? {} : { remedy: lines }) };
}

/** Bugs are thrown on. */
function diagnosticOf(error: unknown): Diagnostic {
  const found = error instanceof DiagnosticsError ? error.diagnostics[0] : failureDiagnostic(error);
  if (found === undefined) throw error;
  return found;
}

type Attempt<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown };

async function attempt<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error };
  }
}

/** Planning reads the state that was read already, and writes nothing. */
const noStore = {
  where: '',
  read: () => Promise.reject(new Error('doctor reads the state once')),
  write: () => Promise.reject(new Error('doctor writes nothing')),
};
