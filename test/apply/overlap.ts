interface Span {
  readonly starttimeMs: number;
  readonly endtimeMs?: number | undefined;
}

/** How many of these ran at the same time, at most. */
export function runsAtOnce(spans: readonly Span[]): number {
  const during = (at: number) =>
    spans.filter(
      ({ starttimeMs, endtimeMs = Number.POSITIVE_INFINITY }) =>
        starttimeMs <= at && at < endtimeMs,
    ).length;
  return Math.max(0, ...spans.map(({ starttimeMs }) => during(starttimeMs)));
}
