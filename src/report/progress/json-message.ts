import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Json } from '../../model/json.ts';
import type { Plan } from '../../model/plan.ts';
import { countResources } from '../terraform/resource-actions.ts';

/**
 * `--json` of commands that run: one object per line, with the message types that readers of Terraform's machine
 * readable UI know, and `apply_result`, `skipped`, `note`, `item_…` and `session_…` of our own beside them.
 */
export type JsonMessage = { readonly [key: string]: Json };

export function base(level: string, type: string, message: string): JsonMessage {
  return { '@level': level, '@message': message, '@module': 'muster', type };
}

/** As in the plan's JSON, so that readers find the same resource in both. */
export function resourceOf(worker: string): JsonMessage {
  const address = addressOf(worker);
  return {
    addr: address,
    module: '',
    resource: address,
    implied_provider: 'muster',
    resource_type: 'muster_worker',
    resource_name: worker,
    resource_key: null,
  };
}

/** Counts as Terraform's readers expect them: a replace is one to add and one to remove. */
export function streamCounts(plan: Pick<Plan, 'workers'>) {
  const { create: add, update: change, delete: remove, forget } = countResources(plan);
  return { add, change, import: 0, remove, forget };
}

/** `worker`: whom it is about. */
export function diagnosticMessage(diagnostic: Diagnostic, worker?: string): JsonMessage {
  const { severity, code, message, detail = [], remedy, labels } = diagnostic;
  const label = labels[0];
  const level = severity === 'error' ? 'error' : 'warn';
  const range =
    label === undefined
      ? {}
      : {
          range: {
            filename: label.file,
            start: { line: label.line, column: label.column },
            end: { line: label.endLine ?? label.line, column: label.endColumn ?? label.column },
          },
        };
  return {
    ...base(level, 'diagnostic', `${severity === 'error' ? 'Error' : 'Warning'}: ${message}`),
    diagnostic: {
      severity,
      code,
      summary: message,
      ...(worker === undefined ? {} : { address: addressOf(worker) }),
      detail: [...detail, ...(remedy === undefined ? [] : [remedy])].join('\n'),
      ...range,
    },
  };
}

function addressOf(worker: string): string {
  return `muster_worker.${worker}`;
}
