import { isAbsolute } from 'node:path';
import { loadDeclaration } from '../declare/load-declaration.ts';
import { isCi } from '../model/ci.ts';
import type { Declaration } from '../model/declaration.ts';
import { type Diagnostic, DiagnosticsError, problem, untouched } from '../model/diagnostic.ts';
import type { Files, StateStore } from '../model/ports.ts';
import type { Pve } from '../model/pve-port.ts';
import { pveSpecOf } from './credentials.ts';
import { textOf } from './flags.ts';
import type { Invocation } from './invocation.ts';
import { readVariables } from './variables.ts';

export interface Project {
  readonly declaration: Declaration;
  readonly warnings: readonly Diagnostic[];
  readonly files: Files;
}

/** Reads and checks the declaration. All its mistakes at once are one DiagnosticsError. */
export async function loadProject(
  invocation: Invocation,
  session: string | undefined = textOf(invocation.flags, 'with-session'),
): Promise<Project> {
  const { context, globals } = invocation;
  const files = context.files(globals.root);
  const { vars, given } = await readVariables(invocation);
  const { declaration, diagnostics } = await loadDeclaration(files, {
    environment: globals.environment,
    vars,
    givenVars: given,
    version: context.version,
    ...(session === undefined ? {} : { session }),
  });
  if (declaration === undefined) throw untouched(diagnostics);
  requireStateInside(invocation, declaration);
  return {
    declaration: limited(declaration, globals.parallelism),
    warnings: [...diagnostics, ...localInCi(invocation, declaration)],
    files,
  };
}

/** An absolute path is the user's own word; the YAML of a pull request must not have files written anywhere. */
function requireStateInside({ context }: Invocation, { state }: Declaration): void {
  if (state.backend !== 'local' || !isAbsolute(state.path) || !isCi(context.env)) return;
  const message = `under CI the YAML can't keep the state outside the project, and state.path is ${state.path}`;
  const remedy =
    'Keep the state on a server (state: { backend: http, ... }), or in the folder of the project.';
  throw untouched([problem('state-outside-project', message, remedy)]);
}

/** A CI machine usually keeps nothing, and each job would begin with a state of its own. */
function localInCi({ context }: Invocation, declaration: Declaration): readonly Diagnostic[] {
  const isSimulated = declaration.cluster.endpoints[0] === 'simulator';
  if (!isCi(context.env) || declaration.state.backend !== 'local' || isSimulated) return [];
  const message = `under CI the state is in a file of this machine (${declaration.state.path})`;
  const remedy =
    'Unless that file outlives the job, keep the state on a server: state: { backend: http, ... }.';
  return [{ ...problem('local-state-in-ci', message, remedy), severity: 'warning' }];
}

/** `--parallelism` stands in for limits.parallelism everywhere. */
function limited(declaration: Declaration, parallelism: number | undefined): Declaration {
  if (parallelism === undefined) return declaration;
  const { cluster } = declaration;
  return { ...declaration, cluster: { ...cluster, limits: { ...cluster.limits, parallelism } } };
}

/** The cluster's client; nothing is sent before its first use. */
export async function openCluster(invocation: Invocation, project: Project): Promise<Pve> {
  const { context, globals } = invocation;
  const { cluster } = project.declaration;
  const readCa = async (path: string) => {
    const bytes = await project.files.read(path);
    if (bytes !== undefined) return new TextDecoder().decode(bytes);
    const message = `there is no file ${path} (the CA that the cluster's certificate is checked against)`;
    throw new DiagnosticsError([problem('no-ca', message)]);
  };
  const { parallelism } = cluster.limits;
  const { env, cwd } = context;
  const sources = { env, root: globals.root, cwd, parallelism, readCa };
  return context.openPve(await pveSpecOf(cluster, sources));
}

export async function openState(
  invocation: Invocation,
  project: Project,
  run: string,
): Promise<StateStore> {
  const { context, globals } = invocation;
  const { state } = project.declaration;
  return context.openStore({ state, root: globals.root, run, lockTimeout: globals.lockTimeout });
}
