import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { differences, type Shape, shapeOf, type Tolerance } from './shape.ts';
import type { Answer, Params, Target } from './target.ts';

/** One recorded request with its answer; names in braces stand for the target's own. */
export interface Expectation {
  readonly label: string;
  readonly method: string;
  readonly path: string;
  readonly params?: Readonly<Record<string, string | readonly string[]>>;
  /** Parameters too long to be kept: made up again. */
  readonly long?: readonly string[];
  readonly status: number;
  readonly reason: string;
  readonly errors?: Readonly<Record<string, string>>;
  readonly shape?: Shape;
  /** Exit status of the task that it shows. */
  readonly exit?: string;
  readonly text?: string;
  readonly keys?: readonly string[];
  /** Seconds it took, when that is more than one. */
  readonly slow?: number;
}

export type Expectations = Readonly<Record<string, Expectation>>;

export function loadExpectations(name: string): Expectations {
  return JSON.parse(readFileSync(new URL(`./expectations/${name}.json`, import.meta.url), 'utf8'));
}

/** What a guest's or a machine's own configuration decides. */
const usual: Tolerance = {
  mayLack: [
    'agent',
    'balloon',
    'ballooninfo',
    'blockstat',
    'clipboard',
    'diskread',
    'diskwrite',
    'freemem',
    'free_mem',
    'last_update',
    'major_page_faults',
    'mem_swapped_in',
    'mem_swapped_out',
    'minor_page_faults',
    'total_mem',
    'nics',
    'pid',
    'pool',
    'proxmox-support',
    'serial',
    'tags',
    'lock',
    'template',
    'tokenid',
    'pci-controller',
    'serial',
    'changes',
    'abstract',
    'comment',
    'prune-backups',
    'parent',
    'name',
  ],
  mayHave: [
    'bridge_vlan_aware',
    'bridge_vids',
    'network',
    'network-type',
    'template',
    'lock',
    'tags',
  ],
};

export class Replay {
  readonly target: Target;
  readonly expectations: Expectations;

  constructor(target: Target, expectations: Expectations) {
    this.target = target;
    this.expectations = expectations;
  }

  entry(id: string): Expectation {
    const found = this.expectations[id];
    if (found === undefined) throw new Error(`no expectation ${id}`);
    return found;
  }

  fill(text: string): string {
    return text.replace(/\{(\w+)\}/g, (whole, name: string) => this.target.names[name] ?? whole);
  }

  /** Sends the recorded request (with these parameters instead) and gives the answer. */
  async send(id: string, other: Params = {}, token?: string | null): Promise<Answer> {
    const wanted = this.entry(id);
    const params: Record<string, string | readonly string[]> = {};
    for (const [key, value] of Object.entries(wanted.params ?? {})) {
      params[key] =
        typeof value === 'string' ? this.fill(value) : value.map((item) => this.fill(item));
    }
    for (const key of wanted.long ?? []) params[key] = 'x'.repeat(9000);
    Object.assign(params, other);
    const path = this.fill(wanted.path);
    return this.target.call(wanted.method, path, params, token);
  }

  /** Sends it and holds the answer against the recorded one. */
  async same(id: string, other: Params = {}, token?: string | null): Promise<unknown> {
    const answer = await this.send(id, other, token);
    this.compare(id, answer);
    return dataOf(answer);
  }

  compare(id: string, answer: Answer): void {
    const wanted = this.entry(id);
    const body = parse(answer.body);
    expect(
      { status: answer.status, reason: answer.reason, errors: body?.errors },
      `${id} ${wanted.label}`,
    ).toEqual({
      status: wanted.status,
      reason: this.fill(wanted.reason),
      errors: wanted.errors === undefined ? undefined : this.filled(wanted.errors),
    });
    if (wanted.keys !== undefined) {
      expect(Object.keys(body ?? {}).sort(), `${id} keys`).toEqual(wanted.keys);
      expect(answer.headers['content-type']).toBe('application/json;charset=UTF-8');
    } else if (wanted.text === undefined) expect(answer.body, `${id} has no body`).toBe('');
    if (wanted.slow !== undefined && wanted.status !== 200)
      expect(answer.tookMs).toBeGreaterThan(900);
    if (wanted.shape !== undefined) this.compareShape(id, wanted.shape, body?.data);
  }

  private compareShape(id: string, wanted: Shape, data: unknown): void {
    if (/\/config$|\/permissions$/.test(this.entry(id).path)) {
      expect(configTypes(data, wanted), `${id} types of options`).toEqual([]);
      return;
    }
    const tolerance = this.target.simulator ? usual : { ...usual, mayHave: everything(data) };
    expect(differences(shapeOf(data), wanted, tolerance), `${id} shape`).toEqual([]);
  }

  private filled(errors: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(errors).map(([key, text]) => [key, this.fill(text)]));
  }

  /** Waits for the task; gives its exit status. */
  async task(upid: unknown): Promise<string> {
    const path = `/nodes/${this.target.names.node}/tasks/${String(upid)}/status`;
    for (let polls = 0; polls < 2000; polls += 1) {
      const state = dataOf(await this.target.call('GET', path)) as Record<string, string>;
      if (state.status === 'stopped') return state.exitstatus ?? '';
      await this.target.sleep(250);
    }
    throw new Error(`the task ${String(upid)} doesn't end`);
  }

  /** Sends a request that starts a task, and wants the exit status of another recording. */
  async ends(id: string, exit: string, other: Params = {}): Promise<void> {
    const upid = await this.same(id, other);
    expect(await this.task(upid), `${id} ends`).toBe(this.fill(exit));
  }

  exitOf(id: string): string {
    return this.fill(this.entry(id).exit ?? 'OK');
  }
}

function parse(body: string): { data?: unknown; errors?: unknown } | undefined {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

export function dataOf(answer: Answer): unknown {
  return parse(answer.body)?.data;
}

function configTypes(data: unknown, wanted: Shape): string[] {
  if (typeof data !== 'object' || data === null || typeof wanted === 'string') return [];
  const recorded = wanted as Readonly<Record<string, Shape>>;
  return Object.entries(data).flatMap(([key, value]) => {
    const type = recorded[key];
    return type === undefined || type === typeof value ? [] : [`${key}: ${typeof value}`];
  });
}

/** A real cluster of another version may tell more. */
function everything(data: unknown): string[] {
  if (typeof data !== 'object' || data === null) return [];
  return [...Object.keys(data), ...Object.values(data).flatMap((part) => everything(part))];
}
