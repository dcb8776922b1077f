import type { Problem } from '../../schemas/types.ts';
import { passingReasonOf } from './passing.ts';
import { isProblemCode, problems, type FailureCode, type ProblemCode, type RefusalCode } from './codes.ts';

/**
 * The three kinds of error. A refusal (4xx) is for the caller to correct: it is shown unchanged and never retried. A failure
 * (5xx) has a cause outside this process, such as a lost connection or a full disk. An invariant (`unexpected`, 500) is a bug.
 */
export type ErrorKind = 'refusal' | 'failure' | 'invariant';

/** What an error says besides its message. */
export interface ErrorOptions {
  /** What to do about it, in one sentence. */
  hint?: string;
  /** The places that are wrong, each with a JSON pointer. */
  errors?: NonNullable<Problem['errors']>;
  cause?: unknown;
}

/** A code that the table does not have, such as that of a plugin or of another release. */
interface OwnCode {
  code: string;
  /** HTTP status, 400 to 599. */
  status: number;
}

/** An error that says what happened, where, and what to do. It can be sent as an RFC 9457 problem. */
export class RepriseError extends Error {
  readonly kind: ErrorKind;
  readonly code: string;
  /** HTTP status. If the table has the code, this is the status in the table. */
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

  /** The problem document (RFC 9457) for HTTP, Socket.IO and other processes. `instance`: the path of the request. */
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

  /** The error that a problem document describes; the reverse of `toProblem`. */
  static fromProblem(problem: Problem): RepriseError {
    return new RepriseError(problem, problem.detail ?? problem.title, {
      hint: problem.hint,
      errors: problem.errors,
    });
  }

  /** The same error with another message, for instance one that adds where it happened. */
  inWords(message: string): RepriseError {
    const { hint, errors } = this;
    return new RepriseError(this, message, { hint, errors, cause: this });
  }
}

/** A refusal: the caller asked for something that cannot be done as asked. */
export function refusal(code: RefusalCode, message: string, options?: ErrorOptions): RepriseError {
  return new RepriseError(code, message, options);
}

/**
 * An error of a plugin, which may have a code of its own. A code of the table keeps the status that it has there.
 * @param code small letters, digits and underscores
 * @param status HTTP status from 400 to 599
 * @throws TypeError if the code or the status is not valid
 */
export function ownRefusal(
  code: string,
  status: number,
  message: string,
  options?: ErrorOptions,
): RepriseError {
  if (!/^[a-z][a-z0-9_]*$/.test(code))
    throw new TypeError(`"${code}" is not a valid problem code: use small letters, digits and underscores.`);
  if (!Number.isInteger(status) || status < 400 || status > 599)
    throw new TypeError(`${status} is not a valid problem status: use a number from 400 to 599.`);
  return new RepriseError({ code, status }, message, options);
}

/** A failure: something outside this process does not work. */
export function failure(code: FailureCode, message: string, options?: ErrorOptions): RepriseError {
  return new RepriseError(code, message, options);
}

/** A broken invariant: a bug of Reprise. */
export function invariant(message: string, options?: ErrorOptions): RepriseError {
  return new RepriseError('unexpected', message, options);
}

/**
 * Anything thrown as a RepriseError. A full disk is a failure, and so is an error of Redis that passes, which says why;
 * anything unknown becomes a broken invariant.
 */
export function asRepriseError(thrown: unknown): RepriseError {
  if (thrown instanceof RepriseError) return thrown;
  if (isDiskFull(thrown))
    return failure('disk_full', 'There is no space left on the disk.', {
      hint: 'Make room on it, or use another folder.',
      cause: thrown,
    });
  const reason = passingReasonOf(thrown);
  if (reason) return failure(reason.code, reason.message, { hint: reason.hint, cause: thrown });
  return invariant(thrown instanceof Error ? thrown.message : String(thrown), { cause: thrown });
}

/** The error as callers may see it. The details of a broken invariant stay in the log. */
export function shownError(thrown: unknown): RepriseError {
  const error = asRepriseError(thrown);
  if (error.kind !== 'invariant') return error;
  return invariant('Something went wrong here that should not.', {
    hint: "The service's log has the details; please report it.",
  });
}

/** Whether an error has one of these codes. */
export function isProblem(thrown: unknown, ...codes: ProblemCode[]): thrown is RepriseError {
  return thrown instanceof RepriseError && codes.some((code) => code === thrown.code);
}

/** Whether the system says that a disk is full, or that a user has no more room on it. */
function isDiskFull(thrown: unknown): boolean {
  const { code } = (thrown ?? {}) as { code?: unknown };
  return thrown instanceof Error && (code === 'ENOSPC' || code === 'EDQUOT');
}

/** Whether this is an error of Redis that passes, so that the same may be tried again later; see `passingReasonOf`. */
export function isPassing(error: unknown): boolean {
  return passingReasonOf(error) !== null;
}

/**
 * The message and the hint as one line for a terminal. Control characters, which names from files may contain, are shown
 * as U+FFFD.
 */
export function sentence(thrown: unknown): string {
  const { message, hint } = asRepriseError(thrown);
  // eslint-disable-next-line no-control-regex -- control characters are what it searches
  return (hint ? `${message} ${hint}` : message).replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '\ufffd');
}

function titleOf(code: string): string {
  const words = code.replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
