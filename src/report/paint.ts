import pc from 'picocolors';

/** Colours for emphasis only: every report reads the same without them. */
export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly green: (text: string) => string;
}

export function paint(coloured: boolean): Paint {
  const { bold, dim, red, yellow, green } = pc.createColors(coloured);
  return { bold, dim, red, yellow, green };
}

export const PLAIN: Paint = paint(false);
