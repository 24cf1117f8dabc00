/** A piece of a text to be replaced; `end` is exclusive. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Replaces pieces that do not overlap and come in their order. */
export function splice(text: string, splices: readonly Splice[]): string {
  let [result, done] = ['', 0];
  for (const { start, end, text: replacement } of splices) {
    result += text.slice(done, start) + replacement;
    done = end;
  }
  return result + text.slice(done);
}
