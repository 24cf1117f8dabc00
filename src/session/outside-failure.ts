import { Interrupted } from '../apply/context.ts';
import { NotOurs } from '../apply/identity.ts';
import { DiagnosticsError } from '../model/diagnostic.ts';
import {
  ExecLost,
  Fenced,
  GuestError,
  PveError,
  StepFailed,
  TaskFailed,
  TaskTimeout,
  VmidTaken,
  WaitTimeout,
} from '../model/errors.ts';

const KINDS = [
  PveError,
  TaskFailed,
  TaskTimeout,
  WaitTimeout,
  GuestError,
  ExecLost,
  StepFailed,
  VmidTaken,
  NotOurs,
  Fenced,
  Interrupted,
  DiagnosticsError,
];

/** True for what the outside did; anything else is a bug. An aborted wait counts as outside: somebody interrupted. */
export function isOutsideFailure(error: unknown): error is Error {
  if (KINDS.some((kind) => error instanceof kind)) return true;
  return error instanceof Error && error.name === 'AbortError';
}
