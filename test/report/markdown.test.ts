import { marked } from 'marked';
import { describe, expect, it } from 'vitest';
import type { Plan } from '../../src/model/plan.ts';
import type { ApplyResult } from '../../src/model/result.ts';
import { codeSpan, fenced } from '../../src/report/escape/markdown.ts';
import { driftMarkdown } from '../../src/report/markdown/drift-markdown.ts';
import { failedMarkdown } from '../../src/report/markdown/failed-markdown.ts';
import { type MarkdownView, planMarkdown } from '../../src/report/markdown/plan-markdown.ts';
import { resultMarkdown } from '../../src/report/markdown/result-markdown.ts';
import { changeOf, driftPlan, planOf, workerOf } from './plans.ts';
import { ATTACKS, SCENARIOS, savedOf } from './scenarios.ts';

function markdown(plan: Plan, view: MarkdownView = {}): string {
  return planMarkdown(savedOf(plan), view);
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}

/** What a renderer leaves outside of code: only there could anything act. */
function outsideOfCode(text: string): string {
  const html = marked.parse(text, { gfm: true, async: false });
  return html.replace(/<pre>[\s\S]*?<\/pre>/g, '').replace(/<code[^>]*>[\s\S]*?<\/code>/g, '');
}

/** 2,000 workers of which 500 change, 30 of them dangerously. */
function large(dangerous = 30, changed = 500): Plan {
  return planOf({
    unchanged: 2_000 - changed,
    workers: Array.from({ length: changed }, (_, index) =>
      workerOf(`backup-${String(index).padStart(4, '0')}`, {
        actions: [index % (changed / dangerous) < 1 ? 'destroy' : 'update'],
        reasons: ['declaration-changed'],
        vmid: 10_000 + index,
        frees: [`local-lvm:vm-${index}-disk-0 (20 GiB)`],
        changes: [changeOf('memory', { before: 2 ** 32, after: 2 ** 33 }), changeOf('cpu.cores')],
      }),
    ),
  });
}

describe('a plan as a comment', () => {
  it('P11: begins with the marker, then the verdict, then the danger', () => {
    const lines = markdown(driftPlan()).split('\n');
    expect(lines[0]).toBe('<!-- muster:plan project=backup environment=production -->');
    expect(lines[1]).toBe(
      '### Muster plan `production`: 1 destroy, 1 replace, 1 power off, 1 change, 1 configure',
    );
    expect(lines[3]).toMatch(/^:warning: \*\*Deletes 2 VMs, makes 1 of them anew\.\*\*/);
    const rows = lines.filter((line) => line.startsWith('| :'));
    expect(rows.map((row) => row.split('`')[1])).toEqual([
      'backup-old',
      'backup-pve2',
      'restore-pve1',
      'backup-pve1',
      'backup-pve5',
      'backup-pve3',
      'backup-pve4',
    ]);
  });

  it('names the command that applies exactly what is shown, with the flags of the plan', () => {
    const next = { program: 'muster -e production', flags: '--test' };
    expect(markdown(driftPlan(), { next })).toContain(
      '```sh\nmuster -e production apply --test --expect-digest 7f3a91c20be4d516\n```',
    );
  });

  it('P46: offers nothing to apply when it is empty, refused, or fails preflight', () => {
    for (const name of ['nothing-to-do', 'refused-by-guard', 'preflight-failed', 'all-held']) {
      const plan = SCENARIOS[name]?.() ?? planOf();
      expect(markdown(plan)).not.toContain('--expect-digest');
    }
    expect(markdown(planOf())).toContain(': :white_check_mark: nothing to do\n');
  });

  it('P9, P10: shows drift only on attributes that were changed by others, in a fold of its own', () => {
    const text = markdown(driftPlan());
    const [, fold = ''] = text.split('<b>Drift</b>');
    expect(fold).toContain('| `backup-pve1` | `networks[0].vlan` | 120 | none |');
    expect(fold.split('</details>')[0]).not.toContain('memory');
    expect(markdown(large())).not.toContain('<b>Drift</b>');
  });

  it('tells environments apart, so that each comment is rewritten by its own plan only', () => {
    const first = (project: string, environment: string) =>
      markdown(planOf({ project, environment })).split('\n')[0];
    expect(first('a', 'b')).not.toBe(first('a', ''));
    expect(first('a environment=b', '')).toBe(
      '<!-- muster:plan project=a%20environment%3Db environment= -->',
    );
    expect(first('a--> x', '')).not.toContain('-->\u0020x');
  });
});

describe('the picture of the nodes', () => {
  const on = (count: number, nodes: number) =>
    markdown(
      planOf({
        workers: Array.from({ length: count }, (_, index) =>
          workerOf(`w${index}`, { node: `pve${index % nodes}`, actions: ['update'] }),
        ),
      }),
    );

  it('has a frame per node with its workers, folded, where two nodes or more have several', () => {
    expect(on(3, 2)).toContain(
      [
        '<details><summary><b>Nodes</b> (3 workers on 2 nodes)</summary>',
        '',
        '```mermaid',
        'flowchart LR',
        '  subgraph n0["pve0"]',
        '    n0w0["w0: update"]',
        '    n0w1["w2: update"]',
        '  end',
        '  subgraph n1["pve1"]',
        '    n1w0["w1: update"]',
        '  end',
        '```',
        '',
        '</details>',
      ].join('\n'),
    );
  });

  it('is left out where it would say no more than the table, or too much to be made out', () => {
    expect(on(3, 1)).not.toContain('mermaid');
    expect(on(3, 3)).not.toContain('mermaid');
    expect(on(50, 3)).toContain('mermaid');
    expect(on(51, 3)).not.toContain('mermaid');
  });

  it('ends at no text of a worker or node', () => {
    const attacks = ATTACKS.flatMap((text) => [
      workerOf(`${text}1`, { node: text, actions: ['update'] }),
      workerOf(`${text}2`, { node: text, actions: ['update'] }),
    ]);
    const text = markdown(planOf({ workers: attacks }));
    const drawn = text.split('```mermaid\n')[1]?.split('\n```')[0] ?? '';
    const inner = drawn.split('\n').slice(1);
    expect(inner.length).toBeGreaterThan(10);
    for (const line of inner)
      expect(line).toMatch(
        /^ {2}(end|subgraph n\d+\["[^"`<>[\]]*"\]| {2}n\d+w\d+\["[^"`<>[\]]*"\])$/,
      );
  });
});

describe('the size of a comment', () => {
  it.each([60_000, 20_000, 5_000])(
    'of 500 changes stays below %i bytes and lists all 30 dangerous ones first',
    (maxBytes) => {
      const text = markdown(large(), { maxBytes });
      expect(bytes(text)).toBeLessThanOrEqual(maxBytes);
      const names = text.match(/`backup-\d{4}`/g) ?? [];
      const dangerous = large().workers.filter(({ actions }) => actions.includes('destroy'));
      expect(names.slice(0, 30)).toEqual(dangerous.map(({ worker }) => `\`${worker}\``));
      expect(text).toContain('in the artifact');
      expect(text).toContain('--expect-digest');
    },
  );

  it('is by default what a comment on GitHub can hold', () => {
    expect(bytes(markdown(large(500)))).toBeLessThanOrEqual(60_000);
  });

  it('says in bold how many dangerous ones are missing when not even their names fit', () => {
    const text = markdown(large(500), { maxBytes: 3_000 });
    expect(bytes(text)).toBeLessThanOrEqual(3_000);
    expect(text).toMatch(/\*\*\d+ more dangerous actions in the artifact\.\*\*/);
  });

  it('drops the picture first, then attributes before rows, and rows before danger', () => {
    const drawn = markdown(driftPlan());
    expect(drawn).toContain('<b>Nodes</b>');
    const full = markdown(driftPlan(), { maxBytes: bytes(drawn) - 1 });
    expect(full).not.toContain('mermaid');
    expect(full).toContain('<b>Attributes</b> (3 workers)');
    expect(full).not.toContain('in the artifact.');
    const less = markdown(driftPlan(), { maxBytes: bytes(full) - 1 });
    expect(less.match(/^\| :/gm)).toHaveLength(7);
    expect(less).toContain('1 more worker in the artifact.');
    const bare = markdown(driftPlan(), { maxBytes: 1_700 });
    expect(bare).toContain('| :red_circle: | `backup-old` |');
    expect(bare).not.toContain('<b>Attributes</b>');
  });
});

describe('text from YAML, Proxmox or a guest', () => {
  const hostile = SCENARIOS.hostile?.() ?? planOf();
  const result: ApplyResult = {
    run: ATTACKS.join(' '),
    interrupted: false,
    tookMs: 1,
    leftRunning: ATTACKS,
    outcomes: ATTACKS.map((text) => ({
      worker: text,
      actions: ['update'],
      result: 'failed',
      status: 'Shut Down',
      node: text,
      error: text,
      detail: [text],
      remedy: text,
      tookMs: 1,
    })),
  };
  const failures = ATTACKS.map((message) => ({
    severity: 'error' as const,
    code: 'x',
    message,
    labels: [{ file: message, line: 1, column: 1, frame: [[1, message]] as const, text: message }],
    detail: [message],
    remedy: message,
  }));
  const comments: Readonly<Record<string, string>> = {
    plan: markdown(hostile, { job: { name: '](x)', url: 'javascript:alert(1)' } }),
    drift: driftMarkdown(hostile, { program: 'muster' }),
    result: resultMarkdown(result, { project: '-->', environment: '`|', program: 'muster' }),
    failure: failedMarkdown({ project: '-->', environment: '`|@x' }, failures, {}),
  };

  it.each(Object.entries(comments))(
    'stays inside of code in the comment of a %s: no mention, link, tag, or row of its own',
    (_, text) => {
      const outside = outsideOfCode(text);
      expect(outside).not.toMatch(/evil|@|script|onerror|javascript|everyone|fixes #/);
      expect(
        outside.match(
          /<(?!\/?(?:p|h3|strong|table|thead|tbody|tr|t[hd]|em|sub|details|summary|b|ul|li)>|!-- muster)/g,
        ),
      ).toBeNull();
      expect(text).not.toMatch(/[\u001b\u0007\u202e]/);
      expect(outside.match(/<!-- muster:/g)).toHaveLength(1);
      expect(text.split('\n').filter((line) => /^\s*<!--/.test(line))).toHaveLength(1);
    },
  );

  it('can end no fold: as many are opened as closed', () => {
    const outside = outsideOfCode(comments.plan ?? '');
    expect(outside.match(/<details>/g)?.length).toBe(outside.match(/<\/details>/g)?.length);
    expect(outside.match(/<table>/g)?.length).toBe(2);
  });

  it('is shown as it is where it does no harm', () => {
    expect(codeSpan('backup-pve1')).toBe('`backup-pve1`');
    expect(codeSpan('a`b')).toBe('``a`b``');
    expect(codeSpan('`')).toBe('`` ` ``');
    expect(codeSpan('')).toBe('(empty)');
    expect(codeSpan('a|b')).toBe('`a\\x7cb`');
    expect(fenced('text', ['a', '```', 'b'])).toBe('````text\na\n```\nb\n````');
  });
});

describe('the other comments', () => {
  it('of a plan that failed takes the place of the plan that was shown before', () => {
    const text = failedMarkdown(
      { project: 'backup', environment: 'production' },
      [{ severity: 'error', code: 'x', message: 'no such node', labels: [] }],
      {},
    );
    expect(text.split('\n')[0]).toBe(markdown(driftPlan()).split('\n')[0]);
    expect(text).toContain('### Muster plan `production`: :x: failed, 1 error');
    expect(text).toContain('is void; do not apply it');
    expect(text).toContain('Error: no such node');
  });

  it('of drift says that there is none, so that one issue can be closed again', () => {
    expect(driftMarkdown(planOf(), { program: 'muster' })).toBe(
      '<!-- muster:drift project=backup environment= -->\n### Muster drift `backup`: :white_check_mark: none\n',
    );
    const drifted = driftMarkdown(driftPlan(), { program: 'muster -e production' });
    expect(drifted).toContain(':warning: 2 workers drifted; nothing can be said about 1 worker');
    expect(drifted).toContain('- `backup-pve4`: unknown, `unreachable (595 No route to host)`');
  });

  it('of an apply has what failed first and explained', () => {
    const done = {
      worker: 'a',
      actions: ['update'],
      status: 'Shut Down',
      node: 'pve1',
      tookMs: 9,
    } as const;
    const text = resultMarkdown(
      {
        run: 'r',
        interrupted: false,
        leftRunning: [],
        tookMs: 9,
        outcomes: [
          { ...done, result: 'done' },
          { ...done, worker: 'b', result: 'failed', error: 'clone failed' },
        ],
      },
      { project: 'backup', environment: '', program: 'muster' },
    );
    expect(text).toContain('### Muster apply `backup`: :x: 1 done, 1 not, 0 workers left running');
    expect(text.indexOf('`b`')).toBeLessThan(text.indexOf('`a`'));
    expect(text).toContain('Error: b: clone failed');
    expect(text).toContain('Next     muster plan, which shows what is left');
  });
});
