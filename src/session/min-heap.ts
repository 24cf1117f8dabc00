/** The smallest of many numbers, again and again. */
export interface MinHeap {
  /** Infinity when it is empty. */
  smallest(): number;
  /** Puts `value` in place of the smallest one. */
  replaceSmallest(value: number): void;
}

export function minHeap(values: readonly number[]): MinHeap {
  const heap = [...values].sort((a, b) => a - b);
  const at = (index: number): number => heap[index] ?? Number.POSITIVE_INFINITY;
  return {
    smallest: () => at(0),
    replaceSmallest: (value) => {
      let hole = 0;
      for (;;) {
        const left = 2 * hole + 1;
        const child = at(left + 1) < at(left) ? left + 1 : left;
        if (at(child) >= value) break;
        heap[hole] = at(child);
        hole = child;
      }
      if (heap.length > 0) heap[hole] = value;
    },
  };
}
