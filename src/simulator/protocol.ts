/** What goes in to the simulated API and what comes out. */

export interface SimRequest {
  readonly method: string;
  /** After /api2/json, with its query string, still encoded. */
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SimResponse {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** 'dropped': the connection ends without an answer (the request may have been carried out). */
export type SimAnswer =
  | { readonly kind: 'answer'; readonly response: SimResponse; readonly afterMs: number }
  | { readonly kind: 'dropped'; readonly afterMs: number };
