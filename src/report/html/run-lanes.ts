import type { RunEvent } from '../../model/event.ts';
import { byCodeUnit } from '../../model/json.ts';
import type { Lane, Span } from './timeline.ts';

/** What a worker is at: since when, and what it is called. Without a name it is between two steps. */
interface Open {
  readonly since: number;
  readonly name?: string;
}

interface Track {
  readonly spans: Span[];
  open: Open;
}

/** What each worker of a run did and how long it took, from what the run told. */
export function runLanes(events: readonly RunEvent[]): readonly Lane[] {
  const tracks = new Map<string, Track>();
  for (const event of events) {
    if (!('worker' in event) || event.worker === undefined) continue;
    const track = tracks.get(event.worker) ?? { spans: [], open: { since: event.at } };
    tracks.set(event.worker, track);
    follow(track, event);
  }
  return [...tracks]
    .map(([name, { spans }]): Lane => ({ name, spans }))
    .filter(({ spans }) => spans.length > 0)
    .sort((a, b) => byCodeUnit(a.name, b.name));
}

function follow(track: Track, event: RunEvent): void {
  const { at } = event;
  switch (event.kind) {
    case 'action-start':
      track.open = { since: at };
      return;
    case 'progress':
      // While it waits, it tells again and again.
      if (event.waitingFor !== undefined || event.message === track.open.name) return;
      close(track, at, 'done');
      track.open = { since: at, name: event.message };
      return;
    case 'step-done':
      track.open = { ...track.open, name: `${event.step}: ${event.message}` };
      close(track, at, event.failed === true ? 'failed' : 'done');
      return;
    case 'action-done':
      if (track.spans.every(({ end }) => end < at - event.tookMs))
        track.open = { since: at - event.tookMs, name: event.action };
      close(track, at, 'done');
      return;
    case 'action-failed':
      track.open = { ...track.open, name: `${event.action}: ${event.error}` };
      close(track, at, 'failed');
      return;
    case 'skipped':
      track.open = { since: at, name: event.why };
      close(track, at, 'not done');
      return;
    default:
      return;
  }
}

function close(track: Track, at: number, kind: Span['kind']): void {
  const { since, name } = track.open;
  if (name !== undefined) track.spans.push({ text: name, kind, start: since, end: at });
  track.open = { since: at };
}
