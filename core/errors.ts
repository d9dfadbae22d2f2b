/**
 * The two kinds of failure, with codes that stay the same for ever.
 * A permanent error will fail again however often it is tried (bad input, a rule that forbids it); a transient one may
 * pass (a connection, a full disk). Being interrupted by a shutdown is neither, and is not thrown as one of these.
 * Messages are full plain sentences for a person; they never carry a payload, a secret or an address.
 */

/** What beside the sentence a program may want to know: the field that is wrong, the error underneath. */
export type ErrorDetail = { readonly field?: string; readonly cause?: unknown };

/** Every error this package throws on purpose. `code` is kebab-case and stable; `field` names the input at fault. */
export class FlowlyError extends Error {
  readonly code: string;
  readonly field: string | undefined;

  constructor(code: string, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.name = new.target.name;
    this.code = code;
    this.field = detail.field;
  }
}

/** Will fail again: the input or the request is wrong. */
export class PermanentError extends FlowlyError {}

/** May pass when tried again: something this program depends on was away. */
export class TransientError extends FlowlyError {}
