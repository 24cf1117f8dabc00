import type { SessionResult } from '../../model/session-result.ts';

type Labels = Readonly<Record<string, string>>;

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly { readonly labels: Labels; readonly value: number }[];
}

/** A session in Prometheus' text format, for a textfile collector: gauges about its last run. */
export function sessionMetrics(result: SessionResult): string {
  const session = { session: result.name ?? result.id };
  const metrics = [...wholeMetrics(result, session), ...partMetrics(result, session)];
  return metrics
    .filter(({ samples }) => samples.length > 0)
    .flatMap(metricLines)
    .map((line) => `${line}\n`)
    .join('');
}

function wholeMetrics(result: SessionResult, session: Labels): readonly Metric[] {
  const one = (name: string, help: string, value: number): Metric => {
    return { name, help, samples: [{ labels: session, value }] };
  };
  const results = [
    'ok',
    'failed',
    'timeout',
    'stopped',
    'lost',
    'not-run',
    'running',
    'waiting',
  ] as const;
  return [
    one('success', 'Whether every item succeeded (1) or not (0).', flag(result.outcome === 'ok')),
    one(
      'end_timestamp_seconds',
      'When it ended, in seconds since the epoch.',
      (result.startedAt + result.tookMs) / 1000,
    ),
    one('duration_seconds', 'How long it took.', result.tookMs / 1000),
    {
      name: 'items',
      help: 'Items by how they ended.',
      samples: results.map((how) => ({
        labels: { ...session, result: how },
        value: result.items.filter((item) => item.result === how).length,
      })),
    },
    one('workers', 'Workers that took part.', result.workers.length),
    one(
      'workers_left_out',
      'Workers that failed on the way.',
      result.workers.filter(({ leftOut }) => leftOut !== undefined).length,
    ),
    one('workers_left_running', 'Workers that are still on.', result.leftRunning.length),
  ];
}

function partMetrics({ items, workers, repositories }: SessionResult, session: Labels): Metric[] {
  const itemLabels = (item: string): Labels => ({ ...session, item });
  return [
    {
      name: 'item_success',
      help: 'Whether the item succeeded (1) or not (0).',
      samples: items.map(({ item, result }) => {
        return { labels: itemLabels(item), value: flag(result === 'ok') };
      }),
    },
    {
      name: 'item_duration_seconds',
      help: 'How long the last attempt at the item took.',
      samples: items.flatMap(({ item, attempts }) => {
        const last = attempts.at(-1);
        if (last === undefined) return [];
        const labels = { ...itemLabels(item), worker: last.worker };
        return [{ labels, value: (last.end - last.start) / 1000 }];
      }),
    },
    {
      name: 'item_waited_seconds',
      help: 'How long the item could not start though some worker was ready.',
      samples: items.flatMap(({ item, waitedMs }) =>
        waitedMs === undefined ? [] : [{ labels: itemLabels(item), value: waitedMs / 1000 }],
      ),
    },
    {
      name: 'item_attempts',
      help: 'Attempts at the item.',
      samples: items.map(({ item, attempts }) => {
        return { labels: itemLabels(item), value: attempts.length };
      }),
    },
    {
      name: 'worker_phase_seconds',
      help: "How long each phase of the worker's launch took, all its turns added up.",
      samples: workers.flatMap(({ worker, phases }) => phaseSamples(worker, phases, session)),
    },
    {
      name: 'repository_peak_items',
      help: 'Most items that used the repository at once.',
      samples: Object.entries(repositories).map(([repository, { peak }]) => {
        return { labels: { ...session, repository }, value: peak };
      }),
    },
    {
      name: 'repository_busy_seconds',
      help: 'Time that items spent on the repository, added up.',
      samples: Object.entries(repositories).map(([repository, { busyMs }]) => {
        return { labels: { ...session, repository }, value: busyMs / 1000 };
      }),
    },
  ];
}

function phaseSamples(
  worker: string,
  phases: SessionResult['workers'][number]['phases'],
  session: Labels,
): Metric['samples'] {
  const sums = new Map<string, number>();
  for (const { phase, start, end } of phases)
    sums.set(phase, (sums.get(phase) ?? 0) + (end - start) / 1000);
  return [...sums].map(([phase, value]) => ({ labels: { ...session, worker, phase }, value }));
}

function metricLines({ name, help, samples }: Metric): readonly string[] {
  const full = `muster_session_${name}`;
  return [
    `# HELP ${full} ${help}`,
    `# TYPE ${full} gauge`,
    ...samples.map(({ labels, value }) => `${full}{${labelText(labels)}} ${value}`),
  ];
}

function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([key, value]) => `${key}="${escapeLabel(value)}"`)
    .join(',');
}

function escapeLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function flag(is: boolean): number {
  return is ? 1 : 0;
}
