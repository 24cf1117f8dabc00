import type { Program, ProgramCall, ProgramResult } from './program.ts';

/** What every guest has. A shell that knows `;`, `&&`, quotes and the programs here is enough. */

const done = (stdout = '', exit = 0, takesMs = 5): ProgramResult => ({
  stdout,
  stderr: '',
  exit,
  takesMs,
});

const complain = (stderr: string, exit: number): ProgramResult => ({
  stdout: '',
  stderr: `${stderr}\n`,
  exit,
  takesMs: 5,
});

const cat: Program = ({ guest, args, stdin }) => {
  if (args.length === 0) return done(stdin);
  let text = '';
  for (const path of args) {
    const file = guest.files[path];
    if (file === undefined) return complain(`cat: ${path}: No such file or directory`, 1);
    text += file.content;
  }
  return done(text);
};

export function hasFolder(files: Readonly<Record<string, unknown>>, path: string): boolean {
  const folder = path.endsWith('/') ? path : `${path}/`;
  if (
    /^\/(?:tmp|var\/tmp|var\/lib|var\/log|etc|root|home|run|opt|srv|mnt|usr\/local\/s?bin|usr\/s?bin|)\/?$/.test(
      path,
    )
  ) {
    return true;
  }
  return Object.keys(files).some((name) => name.startsWith(folder));
}

const test: Program = ({ guest, args }) => {
  const [first = '', second = '', third = ''] = args;
  const yes = (truth: boolean) => done('', truth ? 0 : 1);
  const file = guest.files[second];
  switch (first) {
    case '-e':
      return yes(file !== undefined || hasFolder(guest.files, second));
    case '-f':
    case '-r':
    case '-s':
      return yes(file !== undefined && (first !== '-s' || file.content !== ''));
    case '-w':
      return yes(file !== undefined || hasFolder(guest.files, second));
    case '-x':
      return yes(file !== undefined && (file.mode & 0o111) !== 0);
    case '-d':
      return yes(file === undefined && hasFolder(guest.files, second));
    case '-z':
      return yes(second === '');
    case '-n':
      return yes(second !== '');
  }
  if (second === '=') return yes(first === third);
  if (second === '!=') return yes(first !== third);
  return yes(first !== '');
};

/** Words of one simple command; quotes and backslashes are taken off. */
function words(text: string): string[] {
  const found = text.match(/(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];
  return found.map((word) =>
    word.replace(/"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g, (_, a?: string, b?: string, c?: string) =>
      a !== undefined ? a.replace(/\\(["\\$`])/g, '$1') : (b ?? c ?? ''),
    ),
  );
}

function substitute(text: string, call: ProgramCall, parameters: readonly string[]): string {
  return text.replace(/\$(?:\{(\w+)\}|(\w+))/g, (_, a?: string, b?: string) => {
    const name = a ?? b ?? '';
    return /^\d$/.test(name) ? (parameters[Number(name)] ?? '') : (call.env[name] ?? '');
  });
}

const shell: Program = (call) => {
  if (call.args[0] !== '-c') return done();
  const parameters = call.args.slice(2);
  const total = { stdout: '', stderr: '', exit: 0, takesMs: 5 };
  for (const piece of (call.args[1] ?? '').split(/\s*(?:;|\n)\s*/)) {
    for (const [index, simple] of piece.split(/\s*&&\s*/).entries()) {
      if (index > 0 && total.exit !== 0) break;
      const argv = words(substitute(simple, call, parameters));
      if (argv.length === 0) continue;
      if (argv[0] === 'exit') return { ...total, exit: Number(argv[1] ?? total.exit) };
      const to = argv.indexOf('>&2');
      if (to >= 0) argv.splice(to, 1);
      const result = call.run(argv, { stdin: call.stdin, env: call.env });
      const said = result ?? complain(`sh: 1: ${argv[0]}: not found`, 127);
      total.stdout += to >= 0 ? '' : said.stdout;
      total.stderr += said.stderr + (to >= 0 ? said.stdout : '');
      total.exit = said.exit;
      total.takesMs += said.takesMs;
      if (result?.effects) return { ...total, effects: result.effects };
    }
  }
  return total;
};

const cloudInit: Program = ({ guest, nowMs, args }) => {
  const left = Math.max(0, (guest.cloudInitDoneMs ?? nowMs) - nowMs);
  if (args.includes('--wait')) return done('\nstatus: done\n', 0, left + 300);
  return done(left > 0 ? 'status: running\n' : 'status: done\n', 0, 300);
};

const systemctl: Program = ({ args }) =>
  args[0] === 'restart' && (args[1] ?? '').startsWith('qemu-guest-agent')
    ? { ...done(), effects: [{ kind: 'restart-agent' }] }
    : done();

const poweroff: Program = () => ({ ...done('', 0, 200), effects: [{ kind: 'poweroff' }] });
const reboot: Program = () => ({ ...done('', 0, 200), effects: [{ kind: 'reboot' }] });

export const basePrograms: ReadonlyMap<string, Program> = new Map<string, Program>([
  ['true', () => done()],
  [':', () => done()],
  ['false', () => done('', 1)],
  ['echo', ({ args }) => done(`${args.join(' ')}\n`)],
  ['printf', ({ args }) => done((args[0] ?? '').replace(/\\n/g, '\n'))],
  ['cat', cat],
  ['sleep', ({ args }) => done('', 0, Math.round(Number(args[0] ?? '0') * 1000))],
  ['test', test],
  ['[', (call) => test({ ...call, args: call.args.slice(0, -1) })],
  ['sh', shell],
  ['bash', shell],
  ['hostname', ({ guest }) => done(`${guest.hostname}\n`)],
  ['nproc', ({ guest }) => done(`${guest.cpus}\n`)],
  ['uname', ({ guest, args }) => done(args[0] === '-r' ? `${guest.os.kernel}\n` : 'Linux\n')],
  ['poweroff', poweroff],
  ['reboot', reboot],
  [
    'shutdown',
    ({ args }) => ({ ...done(), effects: [{ kind: args.includes('-r') ? 'reboot' : 'poweroff' }] }),
  ],
  ['systemctl', systemctl],
]);

/** Only where the guest has cloud-init. */
export const cloudInitProgram = cloudInit;
