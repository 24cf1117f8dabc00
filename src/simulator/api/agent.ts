import { demand } from '../access.ts';
import { ApiError, failed } from '../api-error.ts';
import { hasFolder } from '../guest/base-programs.ts';
import { startByAgent } from '../guest/execute.ts';
import { applyEffect } from '../guest/lifetime.ts';
import type { Guest } from '../guest/program.ts';
import { agentAnswers } from '../jobs/power.ts';
import { isRunning, needVm } from '../vm/config.ts';
import type { Vm } from '../world.ts';
import * as info from './agent-info.ts';
import { type Ctx, flag, type Handler, param, type Reply, reply } from './context.ts';

const TIMEOUT_MS = 3000;
const MISSING_PROGRAM_MS = 5000;
/** Of a file read at once. */
const READ_LIMIT = 16 * 1024 ** 2;

function needGuest(ctx: Ctx): { vm: Vm; guest: Guest } {
  const vm = needVm(ctx.world, ctx.node, param(ctx, 'vmid'));
  if (vm.config.agent === undefined) throw failed('No QEMU guest agent configured');
  if (!isRunning(vm)) throw failed(`VM ${vm.vmid} is not running`);
  const { guest } = vm.power;
  if (guest === undefined || !agentAnswers(vm, ctx.nowMs)) {
    throw failed('QEMU guest agent is not running', TIMEOUT_MS);
  }
  return { vm, guest };
}

function answer(ctx: Ctx, data: unknown): Reply {
  return reply(data, ctx.world.durations.agentExecMs - 90);
}

function query(read: (guest: Guest, nowMs: number) => unknown): Handler {
  return (ctx) => answer(ctx, { result: read(needGuest(ctx).guest, ctx.nowMs) });
}

const queries: Readonly<Record<string, Handler>> = {
  ping: query(() => ({})),
  info: query(() => info.agentInfo),
  'get-osinfo': query((guest) => info.osInfo(guest)),
  'get-host-name': query((guest) => ({ 'host-name': guest.hostname })),
  'get-fsinfo': query((guest) => info.fileSystems(guest)),
  'get-time': query((guest, nowMs) => (nowMs + guest.clockSkewMs) * 1_000_000),
  'get-timezone': query(() => ({ zone: 'UTC', offset: 0 })),
  'get-users': query(() => []),
  'get-vcpus': query((guest) => info.vcpus(guest)),
  'network-get-interfaces': query((guest) => info.interfaces(guest)),
};

const shutdownByAgent: Handler = (ctx) => {
  const { vm } = needGuest(ctx);
  if (!vm.ignoresShutdown) applyEffect(ctx.world, vm, { kind: 'poweroff' }, ctx.nowMs);
  return answer(ctx, { result: null });
};

const exec: Handler = (ctx) => {
  const { guest } = needGuest(ctx);
  const argv = param(ctx, 'command').split('\0');
  const process = startByAgent(ctx.world, guest, argv, ctx.params['input-data'] ?? '', ctx.nowMs);
  if (process === undefined) {
    throw new ApiError(596, 'Broken pipe', { afterMs: MISSING_PROGRAM_MS, bare: true });
  }
  return answer(ctx, { pid: process.pid });
};

/** The agent hands out bytes; the API shows each as one character. */
function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

const execStatus: Handler = (ctx) => {
  const { guest } = needGuest(ctx);
  const pid = Number(param(ctx, 'pid'));
  const process = guest.processes.find((entry) => entry.pid === pid && entry.byAgent === true);
  if (process === undefined) throw failed('Agent error: PID ld does not exist', 200);
  if (process.endedMs === undefined) return answer(ctx, { exited: 0 });
  guest.processes = guest.processes.filter((entry) => entry !== process);
  const data: Record<string, unknown> = { exited: 1 };
  if (process.signal === undefined) data.exitcode = process.exit;
  else data.signal = process.signal;
  if (process.output !== '') {
    data['out-data'] = latin1(process.output);
    data['out-truncated'] = 0;
  }
  if (process.errors !== '') {
    data['err-data'] = latin1(process.errors);
    data['err-truncated'] = 0;
  }
  return answer(ctx, data);
};

const fileRead: Handler = (ctx) => {
  const { guest } = needGuest(ctx);
  const path = param(ctx, 'file');
  const file = guest.files[path];
  if (file === undefined) {
    throw failed(
      `Agent error: failed to open file '${path}' (mode: 'r'): No such file or directory`,
      210,
    );
  }
  const bytes = Buffer.from(file.content, 'utf8');
  const read = bytes.subarray(0, READ_LIMIT);
  const data: Record<string, unknown> = {
    content: read.toString('latin1'),
    'bytes-read': read.length,
  };
  if (read.length < bytes.length) data.truncated = 1;
  return answer(ctx, data);
};

const fileWrite: Handler = (ctx) => {
  const { guest } = needGuest(ctx);
  const path = param(ctx, 'file');
  const folder = path.slice(0, path.lastIndexOf('/'));
  if (!hasFolder(guest.files, folder)) {
    throw failed(
      `Agent error: failed to open file '${path}' (mode: 'w+'): No such file or directory`,
      210,
    );
  }
  const plain = ctx.params.encode === undefined || flag(ctx, 'encode');
  const given = param(ctx, 'content');
  guest.files[path] = {
    content: plain ? given : Buffer.from(given, 'base64').toString('utf8'),
    mode: guest.files[path]?.mode ?? 0o644,
    mtimeMs: ctx.nowMs,
  };
  return reply(null, ctx.world.durations.agentExecMs - 100);
};

const names = [
  'exec',
  'exec-status',
  'file-read',
  'file-write',
  'fsfreeze-freeze',
  'fsfreeze-status',
  'fsfreeze-thaw',
  'fstrim',
  'get-fsinfo',
  'get-host-name',
  'get-memory-block-info',
  'get-memory-blocks',
  'get-osinfo',
  'get-time',
  'get-timezone',
  'get-users',
  'get-vcpus',
  'info',
  'network-get-interfaces',
  'ping',
  'set-user-password',
  'shutdown',
  'suspend-disk',
  'suspend-hybrid',
  'suspend-ram',
];

const index: Handler = () => reply(names.map((name) => ({ name })));

const generic: Handler = (ctx) => {
  const command = param(ctx, 'command');
  const handler = command === 'shutdown' ? shutdownByAgent : queries[command];
  if (handler === undefined) throw failed(`the simulator has no agent command '${command}'`);
  demand(ctx.world, ctx.caller, `/vms/${param(ctx, 'vmid')}`, ['VM.GuestAgent.Unrestricted']);
  return handler(ctx);
};

const agent = '/nodes/{node}/qemu/{vmid}/agent';

export const agentRoutes: Readonly<Record<string, Handler>> = {
  [`GET ${agent}`]: index,
  [`POST ${agent}`]: generic,
  [`POST ${agent}/ping`]: queries.ping ?? index,
  [`POST ${agent}/shutdown`]: shutdownByAgent,
  [`POST ${agent}/exec`]: exec,
  [`GET ${agent}/exec-status`]: execStatus,
  [`GET ${agent}/file-read`]: fileRead,
  [`POST ${agent}/file-write`]: fileWrite,
  ...Object.fromEntries(
    Object.entries(queries)
      .filter(([name]) => name !== 'ping')
      .map(([name, handler]) => [`GET ${agent}/${name}`, handler]),
  ),
};
