import type { CommandRun } from './invocation.ts';

/** One flag, as data: the parser, the help, and the normalising of Terraform's style are made from it. */
export interface FlagSpec {
  /** Without dashes. */
  readonly name: string;
  readonly short?: string;
  /** What its value is called; absent: it takes none. */
  readonly value?: string;
  /** May be given several times. */
  readonly repeat?: true;
  readonly help: string;
}

export interface CommandSpec {
  readonly name: string;
  /** As commander writes it: `[PLANFILE]`, `[W...]`. */
  readonly args?: string;
  readonly help: string;
  readonly flags: readonly FlagSpec[];
  /** Takes words after `--`, literally. */
  readonly takesRest?: true;
  /** Loaded when it is run, so that `--help` loads little. */
  readonly load: () => Promise<CommandRun>;
}

export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  { name: 'chdir', short: 'C', value: 'DIR', help: 'work in this folder' },
  {
    name: 'environment',
    short: 'e',
    value: 'NAME',
    help: 'lay environments/NAME.yaml over muster.yaml',
  },
  { name: 'json', help: 'for programs: JSON instead of text' },
  { name: 'no-color', help: 'no colours (also NO_COLOR, CI)' },
  { name: 'var', value: 'K=V', repeat: true, help: 'value of a variable' },
  {
    name: 'var-file',
    value: 'F',
    repeat: true,
    help: 'values of variables, one "name = value" a line',
  },
  { name: 'verbose', help: 'everything, long texts as diffs' },
  {
    name: 'log-level',
    value: 'LEVEL',
    help: 'debug: tell on stderr what Proxmox was asked; default: info',
  },
  {
    name: 'parallelism',
    value: 'N',
    help: 'requests and workers at once; default: limits.parallelism',
  },
  { name: 'lock-timeout', value: 'D', help: "how long to wait for the state's lock; default: 30s" },
  { name: 'input', value: 'BOOL', help: '--input=false: never ask' },
];

const PLAN_FLAGS: readonly FlagSpec[] = [
  { name: 'refresh-only', help: 'only record what the cluster shows; change no VM' },
  {
    name: 'refresh',
    value: 'BOOL',
    help: '--refresh=false: trust the state, ask the cluster little',
  },
  { name: 'target', value: 'W', repeat: true, help: 'only this worker' },
  { name: 'exclude', value: 'W', repeat: true, help: 'not this worker' },
  { name: 'replace', value: 'W', repeat: true, help: "make this worker's VM anew" },
  { name: 'test', help: 'deploy what is missing, test and patch, power off' },
  { name: 'destroy', help: 'plan to destroy the VMs; the workers stay configured' },
  { name: 'prune', help: 'also destroy orphans: VMs with our marks that nobody declares' },
  { name: 'strict', help: 'a worker that fails preflight fails the plan' },
];

const FORMAT: FlagSpec = {
  name: 'format',
  value: 'NAME',
  help: 'text (default), markdown, json, terraform-json, html or gitlab',
};

const MAX_BYTES: FlagSpec = {
  name: 'max-bytes',
  value: 'N',
  help: 'size limit of Markdown, which folds and shortens but never drops danger; default: 60000',
};

const TEXT_OR_MARKDOWN: FlagSpec = {
  name: 'format',
  value: 'NAME',
  help: 'text (default) or markdown',
};

const RUN_FLAGS: readonly FlagSpec[] = [
  { name: 'auto-approve', help: 'do not ask' },
  {
    name: 'on-error',
    value: 'continue|stop',
    help: 'go on with independent workers, or stop; default: continue',
  },
  { name: 'wait', value: 'D', help: 'wait so long for leased and locked workers' },
  { name: 'junit', value: 'F', help: 'write the results as JUnit XML' },
  TEXT_OR_MARKDOWN,
  MAX_BYTES,
];

const SESSION: FlagSpec = {
  name: 'with-session',
  value: 'S',
  help: 'the session of this name: launch its workers, run its items, power off',
};

const SESSION_FLAGS: readonly FlagSpec[] = [
  SESSION,
  { name: 'item', value: 'I', repeat: true, help: 'only this item of the session' },
  {
    name: 'run',
    value: 'backup|restore',
    help: 'an ad hoc session: --run KIND --workers a,b -- COMMAND',
  },
  { name: 'workers', value: 'a,b', help: 'the workers of an ad hoc session' },
  {
    name: 'grace',
    value: 'D',
    help: 'after Ctrl-C, how long running items may go on; default: 0s',
  },
  {
    name: 'record-dir',
    value: 'DIR',
    help: 'where the output of items goes; default: .muster/sessions',
  },
];

const FORCE: FlagSpec = {
  name: 'force',
  value: 'W',
  repeat: true,
  help: 'override for this worker: running work, foreign volumes',
};

const DIGEST: FlagSpec = {
  name: 'expect-digest',
  value: 'D',
  help: 'go on without asking only when the review digest is D (at least 16 hex digits)',
};

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
    name: 'schema',
    args: '[NAME]',
    help: 'print a JSON Schema: declaration (default), state or plan',
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
    name: 'version',
    help: 'print the version',
    flags: [],
    load: async () => (await import('./commands/version.ts')).runVersion,
  },
];
