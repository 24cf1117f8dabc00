import type { Clock } from '../model/ports.ts';
import { jsonLine } from '../report/escape/json.ts';
import type { JsonMessage } from '../report/progress/json-message.ts';

/** A line of `--json`, with the time at which it is told, as readers of Terraform's stream expect it. */
export function messageLine(message: JsonMessage, clock: Clock): string {
  const { '@level': level, '@message': text, '@module': module, ...rest } = message;
  const at = new Date(clock.now()).toISOString();
  const head = { '@level': level, '@message': text, '@module': module, '@timestamp': at };
  return `${jsonLine({ ...head, ...rest })}\n`;
}

export function messageLines(messages: readonly JsonMessage[], clock: Clock): string {
  return messages.map((message) => messageLine(message, clock)).join('');
}
