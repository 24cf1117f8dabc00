import { describe, expect, it } from 'vitest';
import { openHouse } from '../support/house.ts';
import { TWO_WORKERS } from './project.ts';

/** What the manual promises, command by command; `--flag=` takes a value. */
const PROMISED: Readonly<Record<string, readonly string[]>> = {
  init: ['--endpoint='],
  validate: ['--format='],
  fmt: ['--check', '--diff'],
  explain: [
    '--refresh-only',
    '--refresh=',
    '--target=',
    '--exclude=',
    '--replace=',
    '--test',
    '--destroy',
    '--prune',
    '--strict',
  ],
  graph: ['--format='],
  orphans: [
    '--destroy',
    '--auto-approve',
    '--on-error=',
    '--wait=',
    '--force=',
    '--junit=',
    '--format=',
    '--max-bytes=',
  ],
  import: ['--write', '--auto-approve', '--dry-run', '--force'],
  completion: [],
  schema: [],
  version: [],
  plan: [
    '--out=',
    '--format=',
    '--max-bytes=',
    '--against=',
    '--detailed-exitcode',
    '--refresh-only',
    '--refresh=',
    '--target=',
    '--exclude=',
    '--replace=',
    '--test',
    '--destroy',
    '--prune',
    '--strict',
    '--with-session=',
  ],
  apply: [
    '--refresh-only',
    '--refresh=',
    '--target=',
    '--exclude=',
    '--replace=',
    '--test',
    '--destroy',
    '--prune',
    '--strict',
    '--auto-approve',
    '--expect-digest=',
    '--on-error=',
    '--wait=',
    '--force=',
    '--junit=',
    '--format=',
    '--max-bytes=',
    '--with-session=',
    '--item=',
    '--run=',
    '--workers=',
    '--grace=',
    '--record-dir=',
    '--metrics-file=',
  ],
  test: [
    '--auto-approve',
    '--on-error=',
    '--wait=',
    '--force=',
    '--junit=',
    '--format=',
    '--max-bytes=',
  ],
  shutdown: [
    '--auto-approve',
    '--on-error=',
    '--wait=',
    '--force=',
    '--junit=',
    '--format=',
    '--max-bytes=',
  ],
  destroy: [
    '--auto-approve',
    '--on-error=',
    '--wait=',
    '--force=',
    '--junit=',
    '--format=',
    '--max-bytes=',
  ],
  show: ['--format=', '--max-bytes='],
  status: [],
  drift: ['--format=', '--max-bytes='],
  'state list': [],
  'state show': [],
  'state mv': ['--dry-run', '--force'],
  'state rm': ['--dry-run', '--force'],
  'state pull': [],
  'state push': ['--dry-run', '--force'],
  'state unlock': ['--dry-run', '--force'],
  'state migrate': ['--from=', '--dry-run', '--force'],
  'state recover': ['--lineage=', '--dry-run'],
  'force-unlock': ['--dry-run', '--force'],
  'sessions list': [],
  'sessions show': ['--record-dir='],
  'sessions resume': [
    '--grace=',
    '--record-dir=',
    '--junit=',
    '--metrics-file=',
    '--format=',
    '--max-bytes=',
  ],
  'sessions stop': [
    '--grace=',
    '--record-dir=',
    '--junit=',
    '--metrics-file=',
    '--format=',
    '--max-bytes=',
  ],
  quarantine: ['--note=', '--until=', '--dry-run'],
  release: ['--dry-run'],
  doctor: ['--print-setup'],
  simulator: ['--port=', '--tls'],
};

const GLOBAL = [
  '--chdir=',
  '--environment=',
  '--json',
  '--no-color',
  '--var=',
  '--var-file=',
  '--verbose',
  '--log-level=',
  '--parallelism=',
  '--lock-timeout=',
  '--input=',
];

function flagsIn(help: string): readonly string[] {
  const found = [...help.matchAll(/^ +(?:-\w, )?(--[a-z-]+)( <)?/gm)];
  const names = found.map(([, name, value]) => `${name}${value === undefined ? '' : '='}`);
  return names.filter((name) => name !== '--help' && name !== '--version').sort();
}

describe('--help', () => {
  const house = openHouse();

  it('lists every command of the manual and no other', async () => {
    const { code, stdout } = await house.muster('--help');
    expect(code).toBe(0);
    const [, commands = ''] = stdout.split('Commands:');
    const names = [...commands.matchAll(/^ {2}([a-z-]+)/gm)].map(([, name]) => name);
    const promised = Object.keys(PROMISED).map((name) => name.split(' ')[0]);
    expect(names.sort()).toEqual([...new Set(promised), 'help'].sort());
  });

  it.each(Object.entries(PROMISED))(
    'of %s lists its flags and the global ones',
    async (name, flags) => {
      const { code, stdout } = await house.muster(...name.split(' '), '--help');
      expect(code).toBe(0);
      expect(flagsIn(stdout)).toEqual([...flags, ...GLOBAL].sort());
      expect(stdout).toMatch(/-C, --chdir <DIR>/);
      expect(stdout).toMatch(/-e, --environment <NAME>/);
    },
  );

  it.each([
    ['help', 'sessions', 'show'],
    ['help', 'plan'],
    ['help', 'state'],
  ])('is what "%s %s" shows too', async (...words) => {
    const asked = await house.muster(...words);
    const names = words.slice(1);
    expect(asked).toEqual(await house.muster(...names, '--help'));
    expect(asked.stdout).toContain(`Usage: muster ${names.join(' ')} `);
  });

  it('offers no flag with an optional value', async () => {
    for (const name of Object.keys(PROMISED)) {
      const { stdout } = await house.muster(...name.split(' '), '--help');
      expect(stdout).not.toMatch(/--[a-z-]+ \[/);
    }
  });
});

describe('a command line that makes no sense', () => {
  const house = openHouse();

  it.each([
    [['plam'], /plan/],
    [['help', 'plam'], /plan/],
    [['plan', '--traget', 'x'], /--target/],
    [['plan', '--out'], /argument missing|FILE|out/],
    [['plan', 'surplus'], /too many arguments/],
  ])('%j ends with 1 and says what was meant', async (argv, expected) => {
    const { code, stderr, stdout } = await house.muster(...argv);
    expect(code).toBe(1);
    expect(stderr).toMatch(expected);
    expect(stdout).toBe('');
  });

  it.each([
    [['plan', '--lock-timeout', 'soon'], /--lock-timeout: "soon" is not a duration/],
    [['plan', '-parallelism=0'], /whole number from 1 to 64/],
    [['plan', '-e', '../x'], /not a name/],
    [['plan', '--format', 'xml'], /one of text, markdown, json/],
    [['plan', '-refresh=maybe'], /true or false/],
    [['apply', '--expect-digest', 'abc'], /16 to 64 hex digits/],
    [['plan', '--', 'x'], /nothing after "--": x/],
    [['plan', '--out='], /--out has an empty value/],
    [['plan', '--target', 'backup-pve1', '--target', ''], /--target has an empty value/],
    [['apply', '--on-error', 'maybe'], /--on-error: "maybe" is not one of continue, stop/],
    [['apply', '--wait', 'soon'], /--wait: "soon" is not a duration/],
    [['test', '--max-bytes', '7'], /whole number from 1000/],
  ])('%j ends with 1 and names the flag', async (argv, expected) => {
    house.write('muster.yaml', 'muster: 1\nproject: p\ncluster: { endpoint: simulator }\n');
    const { code, stderr } = await house.muster(...argv);
    expect(stderr).toMatch(expected);
    expect(code).toBe(1);
  });
});

describe('a command line that the parser refuses', () => {
  const house = openHouse();

  it('is told by --json as a diagnostic, with what was meant', async () => {
    const { code, stdout, stderr } = await house.muster('plan', '--json', '--traget', 'x');
    expect([code, stderr]).toEqual([1, '']);
    expect(JSON.parse(stdout)).toMatchObject({
      type: 'diagnostic',
      '@message': 'Error: unknown option "--traget"',
      diagnostic: { code: 'bad-command-line', detail: 'Did you mean "--target"?' },
    });
  });

  it('is shown escaped: a word may come from anywhere', async () => {
    const { stderr } = await house.muster('pl\u001b[31man', '-x');
    expect(stderr).toMatch(/^Error: unknown command "pl\\x1b\[31man"\n/);
  });
});

describe('flags that would be ignored', () => {
  const house = openHouse({ files: { 'muster.yaml': TWO_WORKERS } });

  it.each([
    [['apply', '--workers', 'backup-pve1'], '--workers belongs to a session'],
    [['apply', '--item', 'vm-101'], '--item belongs to a session'],
    [['apply', '--grace', '5m'], '--grace belongs to a session'],
    [['apply', '--metrics-file', 'm.prom'], '--metrics-file belongs to a session'],
    [['apply', '--with-session', 's', '--target', 'w'], '--target does not go with a session'],
    [['apply', '--with-session', 's', '--refresh=false'], '--refresh does not go with a session'],
    [['plan', '--with-session', 's', '--test'], '--test does not go with a session'],
    [
      ['apply', 'muster.plan', '--with-session', 's'],
      'does not go with the saved plan muster.plan',
    ],
    [['apply', '--with-session', 's', '--', 'ls'], 'brings its own workers and commands'],
  ])('%j is refused, and nothing is changed', async (argv, expected) => {
    const { code, stderr } = await house.muster(...argv);
    expect(stderr).toContain(expected);
    expect(code).toBe(1);
    expect(house.hasState()).toBe(false);
  });
});

describe('colours', () => {
  const house = openHouse();
  const onTerminal = async (...argv: string[]) => {
    const written: string[] = [];
    const stderr = { write: (text: string) => void written.push(text), isTTY: true, columns: 80 };
    await house.musterWith({ stderr }, ...argv);
    return written.join('').includes('\u001b[');
  };

  it('stand in diagnostics on a terminal, and not after --no-color', async () => {
    expect(await onTerminal('plan')).toBe(true);
    expect(await onTerminal('plan', '--no-color')).toBe(false);
    expect(await onTerminal('plan', '--traget')).toBe(true);
    expect(await onTerminal('plan', '--traget', '--no-color')).toBe(false);
  });
});

describe('version and schema', () => {
  const house = openHouse();

  it('print what they are asked for, without a project', async () => {
    expect(await house.muster('version')).toEqual({
      code: 0,
      stdout: 'muster 0.1.0\n',
      stderr: '',
    });
    expect(JSON.parse((await house.muster('version', '--json')).stdout)).toEqual({
      muster: '0.1.0',
    });
    const schema = await house.muster('schema');
    expect(JSON.parse(schema.stdout)).toHaveProperty('properties.workers');
    expect((await house.muster('schema', 'nope')).stderr).toContain('declaration, state, plan');
  });
});
