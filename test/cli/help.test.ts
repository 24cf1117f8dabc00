import { describe, expect, it } from 'vitest';
import { openHouse } from '../support/house.ts';

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
  ])('%j ends with 1 and names the flag', async (argv, expected) => {
    house.write('muster.yaml', 'muster: 1\nproject: p\ncluster: { endpoint: simulator }\n');
    const { code, stderr } = await house.muster(...argv);
    expect(stderr).toMatch(expected);
    expect(code).toBe(1);
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
