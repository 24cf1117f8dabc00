import type { CommandSpec } from './command-spec.ts';
import {
  DIGEST,
  FORCE,
  FORMAT,
  GLOBAL_FLAGS,
  MAX_BYTES,
  PLAN_FLAGS,
  RUN_FLAGS,
  SESSION,
  SESSION_FLAGS,
  TEXT_OR_MARKDOWN,
} from './flag-table.ts';
import { SESSION_COMMANDS } from './session-commands.ts';
import { STATE_COMMANDS } from './state-commands.ts';

/** What the commands with two words have in common. */
export const GROUPS: Readonly<Record<string, string>> = {
  state: 'look into the state, mend it, move it',
  sessions: 'look at sessions, go on with one, end one',
};

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  {
    name: 'init',
    help: 'write a starter muster.yaml and .gitignore',
    flags: [
      { name: 'endpoint', value: 'URL', help: 'propose one worker per node of this cluster' },
    ],
    load: async () => (await import('./commands/init.ts')).runInit,
  },
  {
    name: 'validate',
    help: 'check the declaration; asks no cluster',
    flags: [{ name: 'format', value: 'NAME', help: 'text (default) or sarif' }],
    load: async () => (await import('./commands/validate.ts')).runValidate,
  },
  {
    name: 'fmt',
    help: 'lay out the YAML of the project; comments stay',
    flags: [
      { name: 'check', help: 'write nothing; exit 3 when a file is not laid out' },
      { name: 'diff', help: 'show what is changed' },
    ],
    load: async () => (await import('./commands/fmt.ts')).runFmt,
  },
  {
    name: 'schema',
    args: '[NAME]',
    help: 'print a JSON Schema: declaration (default), state, plan or session',
    flags: [],
    load: async () => (await import('./commands/schema.ts')).runSchema,
  },
  {
    name: 'plan',
    help: 'show what apply would do; changes nothing',
    flags: [
      { name: 'out', value: 'F', help: 'save the plan, to apply exactly what was reviewed' },
      FORMAT,
      MAX_BYTES,
      {
        name: 'against',
        value: 'DIR',
        help: 'compare with the declaration in that folder; asks neither cluster nor state',
      },
      { name: 'detailed-exitcode', help: 'exit 2 when there are changes' },
      ...PLAN_FLAGS,
      SESSION,
    ],
    load: async () => (await import('./commands/plan.ts')).runPlan,
  },
  {
    name: 'apply',
    args: '[PLANFILE]',
    help: 'plan, ask, and do it; or do what a saved plan says',
    flags: [...PLAN_FLAGS, ...RUN_FLAGS, DIGEST, FORCE, ...SESSION_FLAGS],
    takesRest: true,
    load: async () => (await import('./commands/apply.ts')).runApply,
  },
  {
    name: 'test',
    args: '[W...]',
    help: 'deploy, test and patch these workers (default: all), then power them off',
    flags: [...RUN_FLAGS, FORCE],
    load: async () => (await import('./commands/test.ts')).runTest,
  },
  {
    name: 'shutdown',
    args: '[W...]',
    help: 'power off workers that run without a session',
    flags: [...RUN_FLAGS, FORCE],
    load: async () => (await import('./commands/shutdown.ts')).runShutdown,
  },
  {
    name: 'destroy',
    args: '[W...]',
    help: 'destroy the VMs of these workers (default: all); they stay configured',
    flags: [...RUN_FLAGS, FORCE],
    load: async () => (await import('./commands/destroy.ts')).runDestroy,
  },
  {
    name: 'show',
    args: '[PLANFILE]',
    help: 'show a saved plan, or what the state records',
    flags: [FORMAT, MAX_BYTES],
    load: async () => (await import('./commands/show.ts')).runShow,
  },
  {
    name: 'status',
    help: 'one line per worker',
    flags: [],
    load: async () => (await import('./commands/status.ts')).runStatus,
  },
  {
    name: 'drift',
    help: 'what was changed behind the back of Muster; exit 0 none, 2 drift, 5 incomplete',
    flags: [TEXT_OR_MARKDOWN, MAX_BYTES],
    load: async () => (await import('./commands/drift.ts')).runDrift,
  },
  ...STATE_COMMANDS,
  {
    name: 'explain',
    args: '<W>',
    help: 'why a worker is planned as it is, why it is held, what would change that',
    flags: PLAN_FLAGS,
    load: async () => (await import('./commands/explain.ts')).runExplain,
  },
  {
    name: 'graph',
    help: 'draw the workers on their nodes',
    flags: [{ name: 'format', value: 'NAME', help: 'mermaid (default) or dot' }],
    load: async () => (await import('./commands/graph.ts')).runGraph,
  },
  ...SESSION_COMMANDS,
  {
    name: 'doctor',
    help: 'check endpoint, TLS, token, version, quorum, privileges, clock and state',
    flags: [
      {
        name: 'print-setup',
        help: 'print the pveum commands for the least-privilege role of this declaration',
      },
    ],
    load: async () => (await import('./commands/doctor.ts')).runDoctor,
  },
  {
    name: 'simulator',
    help: 'serve the embedded Proxmox VE API',
    flags: [
      { name: 'port', value: 'N', help: 'default: any free port' },
      { name: 'tls', help: 'HTTPS with a certificate of its own' },
    ],
    load: async () => (await import('./commands/simulator.ts')).runSimulator,
  },
  {
    name: 'completion',
    args: '<SHELL>',
    help: 'print the completion of bash, zsh or fish',
    flags: [],
    load: async () => {
      const { completionOf } = await import('./commands/completion.ts');
      return completionOf({ globals: GLOBAL_FLAGS, commands: COMMANDS, groups: GROUPS });
    },
  },
  {
    name: 'version',
    help: 'print the version',
    flags: [],
    load: async () => (await import('./commands/version.ts')).runVersion,
  },
];
