// What went wrong with a call, in words that say what to do.

/** An answer that is an error, or no answer at all (`status` 0). */
export class CallError extends Error {
  readonly status: number;
  /** The API's own code, such as `invalid_field`; `unreachable` without an answer. */
  readonly code: string;
  readonly field: string | undefined;
  readonly retryAfterS: number | undefined;

  constructor(status: number, code: string, message: string, field?: string, retryAfterS?: number) {
    super(message);
    this.name = "CallError";
    this.status = status;
    this.code = code;
    this.field = field;
    this.retryAfterS = retryAfterS;
  }

  /** Whether the same call may succeed later. */
  get passing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 502;
  }
}

/** A sentence for people: the API's message and, where it is not said there, what to do. */
export function advice(error: unknown): string {
  if (!(error instanceof CallError)) return `Something in this page failed: ${String(error)}`;
  const isSaid = /try again in \d/i.test(error.message);
  const wait = error.retryAfterS && !isSaid ? ` Try again in ${error.retryAfterS} s.` : "";
  return error.message + wait;
}
