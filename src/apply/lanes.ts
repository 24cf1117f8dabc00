/**
 * Room for a bounded number of holders per key: how the limits (parallelism, perNode, perStorage, one writer
 * per template) are kept. First come, first served.
 */
export interface Lanes {
  /** Runs `work` when every key has room; the keys are taken in the order given, so that callers can't block each other in a ring. */
  within<T>(keys: readonly LaneKey[], work: () => Promise<T>): Promise<T>;
}

export interface LaneKey {
  readonly key: string;
  readonly room: number;
}

export function createLanes(): Lanes {
  const lanes = new Map<string, Lane>();
  const laneOf = ({ key, room }: LaneKey): Lane => {
    const known = lanes.get(key);
    if (known !== undefined) return known;
    const lane = { free: Math.max(1, room), waiting: [] };
    lanes.set(key, lane);
    return lane;
  };
  return {
    async within(keys, work) {
      const taken: Lane[] = [];
      try {
        for (const key of keys) {
          const lane = laneOf(key);
          await take(lane);
          taken.push(lane);
        }
        return await work();
      } finally {
        for (const lane of taken) give(lane);
      }
    },
  };
}

interface Lane {
  free: number;
  readonly waiting: (() => void)[];
}

function take(lane: Lane): Promise<void> {
  if (lane.free > 0) {
    lane.free -= 1;
    return Promise.resolve();
  }
  return new Promise((resolve) => lane.waiting.push(resolve));
}

function give(lane: Lane): void {
  const next = lane.waiting.shift();
  if (next === undefined) lane.free += 1;
  else next();
}

/** Room on one storage, for steps that allocate: PVE serialises them, and gives up after 10 s of waiting. */
export function storageLane(
  limits: { readonly perStorage: number },
  node: string,
  storage: string,
): LaneKey {
  return { key: `storage ${node}/${storage}`, room: limits.perStorage };
}
