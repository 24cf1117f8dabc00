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

const REPORT: FlagSpec = {
  name: 'format',
  value: 'NAME',
  help: 'text (default), markdown or html: what is written when it is over',
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
  REPORT,
  MAX_BYTES,
];

const SESSION: FlagSpec = {
  name: 'with-session',
  value: 'S',
  help: 'the session of this name: launch its workers, run its items, power off',
};

const RECORD_DIR: FlagSpec = {
  name: 'record-dir',
  value: 'DIR',
  help: 'where reports and the output of items are kept; default: .muster/sessions',
};

const METRICS: FlagSpec = {
  name: 'metrics-file',
  value: 'F',
  help: 'write what the session did as Prometheus text',
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
  RECORD_DIR,
  METRICS,
];

/** Of a session that exists already. */
const LED_SESSION_FLAGS: readonly FlagSpec[] = [
  {
    name: 'grace',
    value: 'D',
    help: 'after Ctrl-C, how long running items may go on; default: 0s',
  },
  RECORD_DIR,
  { name: 'junit', value: 'F', help: 'write the results as JUnit XML' },
  METRICS,
  REPORT,
  MAX_BYTES,
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

const DRY_RUN: FlagSpec = { name: 'dry-run', help: 'say what would be done; write nothing' };

/** What the commands with two words have in common. */
export const GROUPS: Readonly<Record<string, string>> = {
  state: 'look into the state, mend it, move it',
  sessions: 'look at sessions, go on with one, end one',
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
  {
    name: 'state list',
    help: 'names of the recorded workers',
    flags: [],
    load: async () => (await import('./commands/state-list.ts')).runStateList,
  },
  {
    name: 'state show',
    args: '<W>',
    help: 'everything that is recorded about one worker',
    flags: [],
    load: async () => (await import('./commands/state-show.ts')).runStateShow,
  },
  {
    name: 'state mv',
    args: '<FROM> <TO>',
    help: 'give a recorded worker another name',
    flags: [DRY_RUN, { name: 'force', help: 'also one that is in use' }],
    load: async () => (await import('./commands/state-mv.ts')).runStateMv,
  },
  {
    name: 'state rm',
    args: '<W...>',
    help: 'forget workers; their VMs stay',
    flags: [DRY_RUN, { name: 'force', help: 'also one that is in use' }],
    load: async () => (await import('./commands/state-rm.ts')).runStateRm,
  },
  {
    name: 'state pull',
    help: 'print the whole state',
    flags: [],
    load: async () => (await import('./commands/state-pull.ts')).runStatePull,
  },
  {
    name: 'state push',
    args: '<FILE>',
    help: 'put a state from a file in its place',
    flags: [
      DRY_RUN,
      { name: 'force', help: 'also an older one, or one of another lineage or project' },
    ],
    load: async () => (await import('./commands/state-push.ts')).runStatePush,
  },
  {
    name: 'state unlock',
    args: '<ID>',
    help: 'end a dead run with its leases, or break a lock that was left',
    flags: [DRY_RUN, { name: 'force', help: 'also a run that seems to live' }],
    load: async () => (await import('./commands/state-unlock.ts')).runStateUnlock,
  },
  {
    name: 'state migrate',
    help: 'copy the state from its former place to where the declaration keeps it',
    flags: [
      { name: 'from', value: 'PLACE', help: 'the former place: a file, or an address' },
      DRY_RUN,
      { name: 'force', help: 'also over another state' },
    ],
    load: async () => (await import('./commands/state-migrate.ts')).runStateMigrate,
  },
  {
    name: 'state recover',
    help: 'rebuild a lost state from the marks of the VMs',
    flags: [
      { name: 'lineage', value: 'L', help: 'which state, where the VMs bear marks of several' },
      DRY_RUN,
    ],
    load: async () => (await import('./commands/state-recover.ts')).runStateRecover,
  },
  {
    name: 'force-unlock',
    args: '<ID>',
    help: 'the same as state unlock',
    flags: [DRY_RUN, { name: 'force', help: 'also a run that seems to live' }],
    load: async () => (await import('./commands/state-unlock.ts')).runStateUnlock,
  },
  {
    name: 'import',
    args: '<W> <VMID>',
    help: 'take in a VM that was made by hand, as this worker',
    flags: [
      { name: 'write', help: 'declare it as it is, in the YAML' },
      { name: 'auto-approve', help: 'do not ask' },
      DRY_RUN,
      { name: 'force', help: 'also while a run holds the worker' },
    ],
    load: async () => (await import('./commands/import.ts')).runImport,
  },
  {
    name: 'orphans',
    args: '[VMID...]',
    help: 'what bears our marks, or part of them, and no state knows; also stray disks and locks',
    flags: [
      { name: 'destroy', help: 'destroy these VMs, which must bear all marks' },
      ...RUN_FLAGS,
      FORCE,
    ],
    load: async () => (await import('./commands/orphans.ts')).runOrphans,
  },
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
  {
    name: 'sessions list',
    help: 'sessions that run and the last that ended',
    flags: [],
    load: async () => (await import('./commands/sessions-list.ts')).runSessionsList,
  },
  {
    name: 'sessions show',
    args: '<ID> [ITEM]',
    help: 'timeline and results of a session, or the output of one of its items',
    flags: [RECORD_DIR],
    load: async () => (await import('./commands/sessions-show.ts')).runSessionsShow,
  },
  {
    name: 'sessions resume',
    args: '<ID>',
    help: 'go on with a session whose run is dead, from any machine',
    flags: LED_SESSION_FLAGS,
    load: async () => (await import('./commands/sessions-resume.ts')).runSessionsResume,
  },
  {
    name: 'sessions stop',
    args: '<ID>',
    help: 'end what runs of a session whose run is dead, power its workers off',
    flags: LED_SESSION_FLAGS,
    load: async () => (await import('./commands/sessions-stop.ts')).runSessionsStop,
  },
  {
    name: 'quarantine',
    args: '<W...>',
    help: 'keep workers from being launched or changed; what runs in them goes on',
    flags: [
      { name: 'note', value: 'TEXT', help: 'why; needed' },
      {
        name: 'until',
        value: 'D',
        help: 'for so long (3d), or until a date; default: until release',
      },
      DRY_RUN,
    ],
    load: async () => (await import('./commands/quarantine.ts')).runQuarantine,
  },
  {
    name: 'release',
    args: '<W...>',
    help: 'end the quarantine of workers',
    flags: [DRY_RUN],
    load: async () => (await import('./commands/release.ts')).runRelease,
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
