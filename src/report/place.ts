import type { Location } from '../model/diagnostic.ts';
import { escapeTerminal } from './escape/terminal.ts';

/** "workers/north.yaml:14" */
export function formatLocation(location: Location): string {
  return `${escapeTerminal(location.file)}:${location.line}`;
}
