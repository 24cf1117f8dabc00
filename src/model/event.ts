import type { ActionKind } from './plan.ts';
import type { SessionEvent } from './session.ts';

/** What a run tells while it goes on. `at` is ms since the run's start. */
export type RunEvent =
  | SessionEvent
  | {
      readonly kind: 'action-start';
      readonly at: number;
      readonly worker: string;
      readonly action: ActionKind;
      readonly message: string;
    }
  | {
      readonly kind: 'progress';
      readonly at: number;
      readonly worker: string;
      readonly action: ActionKind;
      /** clone, set-config, start, test, patch, stop … */
      readonly step: string;
      readonly message: string;
      /** Named reason while waiting: waiting-for-clone, waiting-for-agent, waiting-for-lock(backup). */
      readonly waitingFor?: string;
      readonly waitedMs?: number;
      readonly deadlineMs?: number;
    }
  | {
      readonly kind: 'step-done';
      readonly at: number;
      readonly worker: string;
      readonly action: ActionKind;
      readonly step: string;
      readonly message: string;
      readonly failed?: boolean;
      /** Further lines: what was seen, hints. */
      readonly detail?: readonly string[];
    }
  | {
      readonly kind: 'action-done';
      readonly at: number;
      readonly worker: string;
      readonly action: ActionKind;
      readonly tookMs: number;
    }
  | {
      readonly kind: 'action-failed';
      readonly at: number;
      readonly worker: string;
      readonly action: ActionKind;
      readonly tookMs: number;
      readonly error: string;
      readonly remedy?: string;
    }
  | { readonly kind: 'skipped'; readonly at: number; readonly worker: string; readonly why: string }
  | {
      readonly kind: 'warning';
      readonly at: number;
      readonly worker?: string;
      readonly message: string;
    }
  | { readonly kind: 'note'; readonly at: number; readonly message: string };
