import type { Logger } from '../../../core/logging/log.ts';
import { isSecretName, redactor } from '../../../core/logging/redact.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { AuditEntry } from '../../../schemas/types.ts';
import type { Change } from '../http/auditing.ts';

/** Which entries are wanted; a member that is absent wants all. */
export interface AuditFilter {
  sinceMs?: number | undefined;
  untilMs?: number | undefined;
  who?: string | undefined;
  result?: AuditEntry['result'] | undefined;
}

const ENTRIES_MAX = 20_000;
/** Refused attempts are kept apart, so that nobody can push changes out with them. */
const REFUSED_MAX = 2_000;
const TEXT_MAX = 4_000;
const PAGE = 500;

/** The audit trail: who changed what, and when. It is a bounded stream in Redis. */
export class Audit {
  readonly #redis: Redis;
  readonly #log: Pick<Logger, 'error'>;
  readonly #redact: (text: string) => string;

  /** `secrets`: texts that must not stand in an entry. */
  constructor(redis: Redis, log: Pick<Logger, 'error'>, secrets: (string | null)[]) {
    this.#redis = redis;
    this.#log = log;
    this.#redact = redactor(secrets);
  }

  /** Adds an entry. If Redis does not take it, the log gets it. */
  readonly add = (change: Change): void => {
    const { before, after, ...rest } = change;
    const result = resultOf(change.status);
    const entry: Omit<AuditEntry, 'id'> = {
      at: new Date().toISOString(),
      ...rest,
      path: rest.path.slice(0, 500),
      result,
      before: this.#shown(before) as AuditEntry['before'],
      after: this.#shown(after) as AuditEntry['after'],
    };
    const text = this.#redact(JSON.stringify(entry));
    const [stream, most] =
      result === 'refused'
        ? ([keys.auditRefused, REFUSED_MAX] as const)
        : ([keys.audit, ENTRIES_MAX] as const);
    const adding =
      this.#redis.status === 'ready'
        ? this.#redis.xadd(stream, 'MAXLEN', '~', most, '*', 'd', text)
        : Promise.reject(new Error('Redis does not respond'));
    adding.catch(() => this.#log.error({ audit: text }, 'Redis did not take an entry of the audit trail.'));
  };

  /** Entries, newest first. `cursor` is the id to continue before; null: there are no more. */
  async list(
    { sinceMs = 0, untilMs, who, result }: AuditFilter,
    limit: number,
    cursor?: string,
  ): Promise<{ items: AuditEntry[]; cursor: string | null }> {
    const items: AuditEntry[] = [];
    // Redis refuses to look before this position, or at a time before 1970; there is nothing.
    if (Number(cursor?.replace('-', '')) === 0 || (untilMs !== undefined && untilMs < 0))
      return { items, cursor: null };
    const start = String(Math.max(0, Math.floor(sinceMs)));
    let end = cursor === undefined ? `${untilMs === undefined ? '+' : Math.ceil(untilMs)}` : `(${cursor}`;
    for (;;) {
      const page = await this.#page(end, start);
      for (const entry of page) {
        if (untilMs !== undefined && parseInt(entry.id, 10) > untilMs) continue;
        if (who !== undefined && entry.who !== who) continue;
        if (result !== undefined && entry.result !== result) continue;
        items.push(entry);
        if (items.length === limit) return { items, cursor: entry.id };
      }
      if (page.length < PAGE) return { items, cursor: null };
      end = `(${page.at(-1)!.id}`;
    }
  }

  /** The latest entries of both streams, merged. */
  async #page(end: string, start: string): Promise<AuditEntry[]> {
    const streams = [keys.audit, keys.auditRefused];
    const found = await Promise.all(
      streams.map((each) => this.#redis.xrevrange(each, end, start, 'COUNT', PAGE)),
    );
    const entries = found
      .flat()
      .map(([id, fields]) => ({ id, ...(JSON.parse(fields[1]!) as Omit<AuditEntry, 'id'>) }));
    return entries.sort((a, b) => comparedIds(b.id, a.id)).slice(0, PAGE);
  }

  /** A value for an entry: without secrets, and cut off where it is long; null: there is none. */
  #shown(value: unknown): unknown {
    if (value === undefined || value === null) return null;
    const hidden = (name: string, inner: unknown) => (isSecretName(name) && inner !== null ? '***' : inner);
    const text = JSON.stringify(value, hidden) ?? 'null';
    if (text.length <= TEXT_MAX) return JSON.parse(text) as unknown;
    return { cut: text.slice(0, TEXT_MAX), characters: text.length };
  }
}

function resultOf(status: number): AuditEntry['result'] {
  if (status === 0 || status >= 500) return 'failed';
  return status >= 400 ? 'refused' : 'done';
}

function comparedIds(a: string, b: string): number {
  const [[ms = 0, n = 0], [otherMs = 0, otherN = 0]] = [a.split('-').map(Number), b.split('-').map(Number)];
  return ms - otherMs || n - otherN;
}
