import type { Problem } from '../../schemas/types.ts';
import { isProblemCode, problems, type FailureCode, type ProblemCode, type RefusalCode } from './codes.ts';

/**
 * Three kinds of error: a refusal (4xx) is for the caller to mend, never retried, and shown as it is; a failure (5xx) comes
 * from outside (a lost connection, a full disk) and is retried in one place; an invariant is a bug of ours (`unexpected`, 500).
 */
export type ErrorKind = 'refusal' | 'failure' | 'invariant';

export interface ErrorOptions {
  /** What to do about it, one sentence. */
  hint?: string;
  errors?: NonNullable<Problem['errors']>;
  cause?: unknown;
}

/** A code that the table does not have, with its status: a plugin's, or one of another release. */
interface OwnCode {
  code: string;
  /** HTTP status, 400 to 599. */
  status: number;
}

/** An error that says what happened, where, and what to do; turns into an RFC 9457 problem. */
export class RepriseError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  /** HTTP status: that of the code in the table, whatever was given. */
  readonly status: number;
  readonly hint: string | undefined;
  readonly errors: Problem['errors'];

  constructor(problem: ProblemCode | OwnCode, message: string, options: ErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'RepriseError';
    const { code, status } = typeof problem === 'string' ? { code: problem, status: 500 } : problem;
    this.code = code;
    this.status = isProblemCode(code) ? problems[code].status : status;
    this.kind = code === 'unexpected' ? 'invariant' : this.status >= 500 ? 'failure' : 'refusal';
    this.hint = options.hint;
    this.errors = options.errors;
  }

  /** The problem document (RFC 9457) that says the same over HTTP, Socket.IO and between processes. */
  toProblem(instance?: string): Problem {
    return {
      type: `/docs/problems#${isProblemCode(this.code) ? this.code : 'other'}`,
      title: titleOf(this.code),
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(this.hint && { hint: this.hint }),
      ...(instance && { instance }),
      ...(this.errors && { errors: this.errors }),
    };
  }

  /** The error that a problem document of another process or thread describes. */
  static fromProblem(problem: Problem): RepriseError {
    return new RepriseError(problem, problem.detail ?? problem.title, {
      hint: problem.hint,
      errors: problem.errors,
    });
  }

  /** The same error in other words, such as those that also say where it happened. */
  inWords(message: string): RepriseError {
    const { hint, errors } = this;
    return new RepriseError(this, message, { hint, errors, cause: this });
  }
}

/** The caller asked for something that cannot be done as asked. */
export function refusal(code: RefusalCode, message: string, options?: ErrorOptions): RepriseError {
  return new RepriseError(code, message, options);
}

/**
 * A refusal for plugins, whose codes the table does not know; the status of a code that it knows is the table's.
 * @throws TypeError for what can't be a code or a status
 */
export function ownRefusal(
  code: string,
  status: number,
  message: string,
  options?: ErrorOptions,
): RepriseError {
  if (!/^[a-z][a-z0-9_]*$/.test(code))
    throw new TypeError(`"${code}" is not a code of problems: write small letters and underscores.`);
  if (!Number.isInteger(status) || status < 400 || status > 599)
    throw new TypeError(`${status} is not the status of a problem: give a number from 400 to 599.`);
  return new RepriseError({ code, status }, message, options);
}

/** Something outside of this process did not do its part. */
export function failure(code: FailureCode, message: string, options?: ErrorOptions): RepriseError {
  return new RepriseError(code, message, options);
}

/** We broke our own promise. */
export function invariant(message: string, options?: ErrorOptions): RepriseError {
  return new RepriseError('unexpected', message, options);
}

/** Anything that was thrown as one of our errors; one that we do not know is an invariant broken. */
export function asRepriseError(thrown: unknown): RepriseError {
  if (thrown instanceof RepriseError) return thrown;
  return invariant(thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}

/** The error as callers may see it: of a broken invariant the log has the details, and they hear that it happened. */
export function shownError(thrown: unknown): RepriseError {
  const error = asRepriseError(thrown);
  if (error.kind !== 'invariant') return error;
  return invariant('Something went wrong here that should not.', {
    hint: "The service's log has the details; please report it.",
  });
}

/** Whether an error is of one of these codes. */
export function isProblem(thrown: unknown, ...codes: ProblemCode[]): thrown is RepriseError {
  return thrown instanceof RepriseError && codes.some((code) => code === thrown.code);
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
