import type { FailureCode } from './codes.ts';

/** Why Redis refuses for a while, and what to do about it. */
export interface PassingReason {
  code: FailureCode;
  /** A sentence that says why. */
  message: string;
  /** A sentence that says what to do. */
  hint: string;
}

const REASONS = {
  redis_full: {
    message: 'Redis is full: it has reached its memory limit (maxmemory).',
    hint: 'Raise maxmemory, or delete keys that are no longer needed. Everything goes on by itself then.',
  },
  redis_read_only: {
    message: 'Redis is a read-only replica.',
    hint: 'Point REDIS_URL to the primary, or promote this server (REPLICAOF NO ONE). Everything goes on by itself then.',
  },
  redis_loading: {
    message: 'Redis is loading its data.',
    hint: 'Wait: everything goes on by itself when it has loaded them.',
  },
  redis_disk: {
    message: 'Redis cannot save its data to disk, so it accepts no writes (MISCONF).',
    hint: 'Look at the log of Redis; often the disk is full. Everything goes on by itself when it can save again.',
  },
  redis_busy: {
    message: 'Redis is busy with a script or a function that takes too long.',
    hint: 'Wait, or end it with SCRIPT KILL or FUNCTION KILL. Everything goes on by itself then.',
  },
  redis_cluster_down: {
    message: 'Part of the Redis cluster does not serve.',
    hint: 'Wait for the fail-over, or repair the cluster. Everything goes on by itself then.',
  },
  redis_replicas_missing: {
    message: 'Redis has too few replicas that are in sync (min-replicas-to-write).',
    hint: 'Start the replicas, or lower min-replicas-to-write. Everything goes on by itself then.',
  },
  redis_refused: {
    message: 'Redis refuses the user or the password of this process, or the user may not do this.',
    hint: 'Restore them in Redis, or put the new ones into REDIS_URL and restart. Until then everything waits.',
  },
  redis_unreachable: {
    message: 'Redis does not respond.',
    hint: 'The connection is retried all the time; try again shortly.',
  },
} as const satisfies { [C in FailureCode]?: { message: string; hint: string } };

/** A code of a refusal that passes. */
export type PassingCode = keyof typeof REASONS;

/** The first word of an error reply. `BUSYGROUP` and the like are other words. */
const CODES: { [word: string]: PassingCode } = {
  OOM: 'redis_full',
  READONLY: 'redis_read_only',
  LOADING: 'redis_loading',
  MISCONF: 'redis_disk',
  BUSY: 'redis_busy',
  // A transaction whose commands were refused, where the reply does not say why.
  EXECABORT: 'redis_busy',
  CLUSTERDOWN: 'redis_cluster_down',
  TRYAGAIN: 'redis_cluster_down',
  MASTERDOWN: 'redis_unreachable',
  // A blocking read was ended because the server became a replica.
  UNBLOCKED: 'redis_unreachable',
  NOREPLICAS: 'redis_replicas_missing',
  NOAUTH: 'redis_refused',
  WRONGPASS: 'redis_refused',
  NOPERM: 'redis_refused',
};

/** What stands before the word of an error that a script, a function or a transaction met. */
const WRAPPING =
  /^(?:(?:ERR|EXECABORT) (?:.{0,200}?@?user_(?:script|function): ?\d+:|Transaction discarded because of:) ?)?-?/s;
/** Functions and scripts that somebody has ended, so that Redis serves again. */
const KILLED = /Script killed by user|The script was killed|BUSY Redis/i;
const DENIED_IN_SCRIPT =
  /ACL failure in script|The user executing the script can't (?:run this command|access)/;
const CONNECTION_LOST =
  /^(?:Connection is closed|Command aborted|Command timed out|Stream isn't writeable|Socket closed|Socket timeout|Reached the max retries)/;
const NETWORK_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
]);

/** The reason with this code. */
export function passingReason(code: PassingCode): PassingReason {
  return { code, ...REASONS[code] };
}

/** What something waits for, in words that follow "waiting". */
export function waitingText({ message, hint }: PassingReason): string {
  return `until Redis accepts writes: ${message} ${hint}`;
}

/** Whether a code says that Redis refuses for a while. */
function isPassingCode(code: string): code is PassingCode {
  return Object.hasOwn(REASONS, code);
}

/**
 * Why an error of Redis passes, so that the same command may be sent again later: Redis is full, read-only, loading, busy or
 * away, or refuses the user. Null for every other error.
 *
 * This is the only place that says which errors pass. It also recognizes errors within scripts, functions and transactions.
 */
export function passingReasonOf(error: unknown): PassingReason | null {
  if (!(error instanceof Error)) return null;
  const { name, message, code, previousErrors } = error as Error & {
    code?: unknown;
    previousErrors?: unknown;
  };
  if (typeof code === 'string' && isPassingCode(code)) return passingReason(code);
  if (name === 'RepriseError') return null;
  if (CONNECTION_LOST.test(message)) return passingReason('redis_unreachable');
  if (typeof code === 'string' && NETWORK_CODES.has(code)) return passingReason('redis_unreachable');
  if (name !== 'ReplyError') return null;
  // A transaction fails with the errors of the commands that it could not queue.
  if (Array.isArray(previousErrors)) {
    // The transaction's own error may be among them.
    for (const previous of previousErrors) {
      const reason = previous === error ? null : passingReasonOf(previous);
      if (reason) return reason;
    }
  }
  const word = /^[A-Z]+/.exec(message.replace(WRAPPING, ''))?.[0] ?? '';
  const found = Object.hasOwn(CODES, word) ? CODES[word] : undefined;
  if (found) return passingReason(found);
  if (KILLED.test(message)) return passingReason('redis_busy');
  return DENIED_IN_SCRIPT.test(message) ? passingReason('redis_refused') : null;
}
