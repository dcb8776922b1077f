import { compilePredicate } from '../../core/wire/expression.ts';
import { refusal } from '../../core/problems/errors.ts';
import type { Data } from '../../core/wire/event.ts';

/** Which records of a recording are played. Plain data, so that it can be sent to another thread. */
export interface RecordFilter {
  /** An expression that must be true for the datum; core/wire/expression.ts has the language. */
  filter?: string | undefined;
  /** The share of all records that is played, 0 to 1; the same records in every replay. */
  share?: number | undefined;
}

/** The filter that the options of a recording ask for. @throws refusal `share_malformed` */
export function recordFilterOf({ filter, sample }: { filter?: string; sample?: string }): RecordFilter {
  return { filter, share: sample === undefined ? undefined : shareOf(sample) };
}

/**
 * Whether a record is played, or why that can't be told: the expression takes too long for its data. `data` is called only
 * where an expression needs it.
 */
export type RecordPredicate = (timeMs: number, subject: string, data: () => Data) => boolean | string;

/** Compiles a filter; null where it lets every record pass. @throws refusal `expression_malformed` */
export function recordPredicate({ filter, share }: RecordFilter): RecordPredicate | null {
  let unevaluated: string | null = null;
  const report = (reason: string, isCostly: boolean) => {
    if (isCostly) unevaluated = `The filter can't be evaluated: ${reason}.`;
  };
  const matches = filter === undefined ? null : compilePredicate(filter, report);
  if (matches === null && share === undefined) return null;
  return (timeMs, subject, data) => {
    if (share !== undefined && lot(timeMs, subject) >= share) return false;
    if (matches === null) return true;
    unevaluated = null;
    return matches(data()) || (unevaluated ?? false);
  };
}

/** Reads a share of records, such as 10% or 0.1. @throws refusal `share_malformed` */
export function shareOf(text: string): number {
  const [, number, percent] = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(text.trim()) ?? [];
  const share = Number(number) / (percent ? 100 : 1);
  if (share > 0 && share <= 1) return share;
  throw refusal('share_malformed', `"${text.slice(0, 60)}" is not a valid share of records.`, {
    hint: 'Write it as 10% or 0.1.',
  });
}

/**
 * A pseudo-random number from 0 to 1 that depends on a record's time and subject only, so that a sample is the same
 * wherever a replay begins. It is an FNV-1a hash with the finisher of MurmurHash3, which makes neighbouring records
 * practically independent. Different purposes give independent numbers.
 */
export function lot(timeMs: number, subject: string, purpose = 0): number {
  const us = Math.round(timeMs * 1000);
  let hash = 0x811c9dc5 ^ purpose;
  const mix = (value: number) => (hash = Math.imul(hash ^ value, 0x01000193));
  for (let i = 0; i < subject.length; i++) mix(subject.charCodeAt(i));
  mix(us | 0);
  mix((us / 2 ** 32) | 0);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
