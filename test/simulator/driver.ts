import { createCluster, type SimCluster } from '../../src/simulator/cluster.ts';
import type { SimAnswer } from '../../src/simulator/protocol.ts';
import type { WorldSpec } from '../../src/simulator/spec.ts';
import { quickstartWorld, SIMULATOR_TOKEN } from '../../src/simulator/worlds.ts';

export const START = Date.UTC(2026, 10, 22, 10);

type Params = Readonly<Record<string, string | readonly string[]>>;

/** A cluster with a clock that only moves when it is told to, or when an answer takes its time. */
export interface Driver {
  readonly cluster: SimCluster;
  now(): number;
  sleep(ms: number): void;
  answer(method: string, path: string, params?: Params, token?: string): SimAnswer;
  /** The data of a 200; throws `STATUS REASON` otherwise, or `dropped`. */
  call(method: string, path: string, params?: Params, token?: string): unknown;
  /** Waits for a task; gives its exit status. */
  ends(upid: unknown): string;
}

export function drive(
  spec: WorldSpec = quickstartWorld(),
  existing?: SimCluster,
  startMs = START,
): Driver {
  let now = startMs;
  const cluster = existing ?? createCluster(spec, now);
  const answer: Driver['answer'] = (method, path, params = {}, token = SIMULATOR_TOKEN) => {
    const form = new URLSearchParams();
    for (const [key, value] of Object.entries(params)) {
      for (const item of typeof value === 'string' ? [value] : value) form.append(key, item);
    }
    const inQuery = method === 'GET' || method === 'DELETE';
    const query = inQuery && form.size > 0 ? `?${form}` : '';
    const given = cluster.handle(
      {
        method,
        path: `${path}${query}`,
        headers: { authorization: `PVEAPIToken=${token}` },
        body: inQuery ? '' : form.toString(),
      },
      now,
    );
    now += given.afterMs;
    return given;
  };
  const call: Driver['call'] = (method, path, params, token) => {
    const given = answer(method, path, params, token);
    if (given.kind === 'dropped') throw new Error('dropped');
    const { status, reason, body } = given.response;
    if (status !== 200) throw new Error(`${status} ${reason}`);
    return JSON.parse(body).data;
  };
  return {
    cluster,
    now: () => now,
    sleep: (ms) => {
      now += ms;
    },
    answer,
    call,
    ends: (upid) => {
      const node = String(upid).split(':')[1];
      const path = `/nodes/${node}/tasks/${encodeURIComponent(String(upid))}/status`;
      for (let polls = 0; polls < 4000; polls += 1) {
        const state = call('GET', path) as { status: string; exitstatus?: string };
        if (state.status === 'stopped') return state.exitstatus ?? '';
        now += 200;
      }
      throw new Error(`${String(upid)} doesn't end`);
    },
  };
}

/** A clone of the template on pve1, ended. */
export function cloned(driver: Driver, vmid = 9100, params: Params = {}): string {
  const upid = driver.call('POST', '/nodes/pve1/qemu/9000/clone', {
    newid: String(vmid),
    name: `w-${vmid}`,
    full: '1',
    ...params,
  });
  driver.ends(upid);
  return `/nodes/pve1/qemu/${vmid}`;
}

/** Started, and its agent answers. */
export function running(driver: Driver, vmid = 9100): string {
  const vm = cloned(driver, vmid);
  driver.ends(driver.call('POST', `${vm}/status/start`));
  driver.sleep(20_000);
  driver.call('POST', `${vm}/agent/ping`);
  return vm;
}

export interface Finished {
  readonly exitcode: number;
  readonly 'out-data'?: string;
  readonly 'err-data'?: string;
}

export function execute(driver: Driver, vm: string, command: readonly string[]): Finished {
  const { pid } = driver.call('POST', `${vm}/agent/exec`, { command }) as { pid: number };
  for (let polls = 0; polls < 4000; polls += 1) {
    const state = driver.call('GET', `${vm}/agent/exec-status`, { pid: String(pid) });
    const status = state as Finished & { exited: number };
    if (status.exited === 1) return status;
    driver.sleep(500);
  }
  throw new Error(`${command.join(' ')} doesn't end`);
}
