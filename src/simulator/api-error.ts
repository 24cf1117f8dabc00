/** A request that is refused, as the API words it. Only ever thrown inside the simulator. */
export class ApiError extends Error {
  readonly status: number;
  readonly errors: Readonly<Record<string, string>> | undefined;
  /** Time until the answer comes, when it isn't the usual. */
  readonly afterMs: number;
  /** 595 and 596 come without a body. */
  readonly bare: boolean;

  constructor(
    status: number,
    reason: string,
    more: {
      readonly errors?: Readonly<Record<string, string>>;
      readonly afterMs?: number;
      readonly bare?: boolean;
    } = {},
  ) {
    super(reason);
    this.name = 'ApiError';
    this.status = status;
    this.errors = more.errors;
    this.afterMs = more.afterMs ?? 0;
    this.bare = more.bare ?? false;
  }
}

export function invalid(errors: Readonly<Record<string, string>>): ApiError {
  return new ApiError(400, 'Parameter verification failed.', { errors });
}

/** A die() in a handler. */
export function failed(reason: string, afterMs = 0): ApiError {
  return new ApiError(500, reason, { afterMs });
}

export function forbidden(detail?: string): ApiError {
  return new ApiError(
    403,
    detail === undefined ? 'Permission check failed' : `Permission check failed (${detail})`,
  );
}
