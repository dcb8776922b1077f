import type { Problem } from '../../schemas/types.ts';

/**
 * Three kinds of error: a refusal is the caller's to mend (never retried, shown to them as it is); a failure is the
 * world's (a lost connection, a full disk: retried in one place); an invariant is ours (a bug: the process stops).
 */
export type ErrorKind = 'refusal' | 'failure' | 'invariant';

export interface ErrorOptions {
  /** What to do about it, one sentence. */
  hint?: string;
  errors?: NonNullable<Problem['errors']>;
  cause?: unknown;
}

/** An error that says what happened, where, and what to do; turns into an RFC 9457 problem. */
export class RepriseError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  readonly status: number;
  readonly hint: string | undefined;
  readonly errors: Problem['errors'];

  constructor(kind: ErrorKind, code: string, status: number, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'RepriseError';
    this.kind = kind;
    this.code = code;
    this.status = status;
    this.hint = options.hint;
    this.errors = options.errors;
  }

  /** The problem document (RFC 9457) that says the same over HTTP and Socket.IO. */
  toProblem(instance?: string): Problem {
    return {
      type: `/docs/problems#${this.code}`,
      title: titleOf(this.code),
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(this.hint && { hint: this.hint }),
      ...(instance && { instance }),
      ...(this.errors && { errors: this.errors }),
    };
  }

  /** The error a problem document speaks of: refusals cross process borders as problems. */
  static fromProblem(problem: Problem): RepriseError {
    const kind = problem.status >= 500 ? 'failure' : 'refusal';
    return new RepriseError(kind, problem.code, problem.status, problem.detail ?? problem.title, {
      hint: problem.hint,
      errors: problem.errors,
    });
  }
}

/** The caller asked for something that can't be done as asked. `status` is the HTTP status it maps to. */
export function refusal(code: string, status: number, message: string, options?: ErrorOptions): RepriseError {
  return new RepriseError('refusal', code, status, message, options);
}

/** The world did not do its part. */
export function failure(code: string, message: string, options?: ErrorOptions): RepriseError {
  return new RepriseError('failure', code, 503, message, options);
}

/** We broke our own promise. */
export function invariant(message: string, options?: ErrorOptions): RepriseError {
  return new RepriseError('invariant', 'invariant_broken', 500, message, options);
}

/** Whatever was thrown, as one of ours; what we do not know is an invariant broken. */
export function asRepriseError(thrown: unknown): RepriseError {
  if (thrown instanceof RepriseError) return thrown;
  return invariant(thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}

/** Whether an error is one of Redis that passes: it loads its data, lacks memory or disk, or was cut off in an answer. */
export function isPassing(error: unknown): boolean {
  return (
    error instanceof Error &&
    /^(LOADING|BUSY|OOM|EXECABORT|MISCONF|READONLY|MASTERDOWN|NOREPLICAS|TRYAGAIN|CLUSTERDOWN|Command aborted)\b/.test(
      error.message,
    )
  );
}

/** One sentence for a terminal: the message and what to do. What steers a terminal, as names from files may, is shown as �. */
export function sentence(thrown: unknown): string {
  const { message, hint } = asRepriseError(thrown);
  // eslint-disable-next-line no-control-regex -- these are what is looked for
  return (hint ? `${message} ${hint}` : message).replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '\ufffd');
}

function titleOf(code: string): string {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
