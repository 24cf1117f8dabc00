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

export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  { name: 'chdir', short: 'C', value: 'DIR', help: 'work in this folder' },
  {
    name: 'environment',
    short: 'e',
    value: 'NAME',
    help: 'lay environments/NAME.yaml over muster.yaml',
  },
  {
    name: 'json',
    help: 'for programs: JSON instead of text; plan and apply: one message per line',
  },
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

export const PLAN_FLAGS: readonly FlagSpec[] = [
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

export const FORMAT: FlagSpec = {
  name: 'format',
  value: 'NAME',
  help: 'text (default), markdown, json, terraform-json, html or gitlab',
};

export const MAX_BYTES: FlagSpec = {
  name: 'max-bytes',
  value: 'N',
  help: 'size limit of Markdown, which folds and shortens but never drops danger; default: 60000',
};

export const TEXT_OR_MARKDOWN: FlagSpec = {
  name: 'format',
  value: 'NAME',
  help: 'text (default) or markdown',
};

const REPORT: FlagSpec = {
  name: 'format',
  value: 'NAME',
  help: 'text (default), markdown or html: what is written when it is over',
};

const JUNIT: FlagSpec = { name: 'junit', value: 'F', help: 'write the results as JUnit XML' };

const GRACE: FlagSpec = {
  name: 'grace',
  value: 'D',
  help: 'after Ctrl-C, how long running items may go on; default: 0s',
};

export const RUN_FLAGS: readonly FlagSpec[] = [
  { name: 'auto-approve', help: 'do not ask' },
  {
    name: 'on-error',
    value: 'continue|stop',
    help: 'go on with independent workers, or stop; default: continue',
  },
  { name: 'wait', value: 'D', help: 'wait so long for leased and locked workers' },
  JUNIT,
  REPORT,
  MAX_BYTES,
];

export const SESSION: FlagSpec = {
  name: 'with-session',
  value: 'S',
  help: 'the session of this name: launch its workers, run its items, power off',
};

export const RECORD_DIR: FlagSpec = {
  name: 'record-dir',
  value: 'DIR',
  help: 'where reports and the output of items are kept; default: .muster/sessions',
};

const METRICS: FlagSpec = {
  name: 'metrics-file',
  value: 'F',
  help: 'write what the session did as Prometheus text',
};

export const SESSION_FLAGS: readonly FlagSpec[] = [
  SESSION,
  { name: 'item', value: 'I', repeat: true, help: 'only this item of the session' },
  {
    name: 'run',
    value: 'backup|restore',
    help: 'an ad hoc session: --run KIND --workers a,b -- COMMAND',
  },
  { name: 'workers', value: 'a,b', help: 'the workers of an ad hoc session' },
  GRACE,
  RECORD_DIR,
  METRICS,
];

/** Of a session that exists already. */
export const LED_SESSION_FLAGS: readonly FlagSpec[] = [
  GRACE,
  RECORD_DIR,
  JUNIT,
  METRICS,
  REPORT,
  MAX_BYTES,
];

export const FORCE: FlagSpec = {
  name: 'force',
  value: 'W',
  repeat: true,
  help: 'override for this worker: running work, foreign volumes',
};

export const DIGEST: FlagSpec = {
  name: 'expect-digest',
  value: 'D',
  help: 'go on without asking only when the review digest is D (at least 16 hex digits)',
};

export const DRY_RUN: FlagSpec = { name: 'dry-run', help: 'say what would be done; write nothing' };
