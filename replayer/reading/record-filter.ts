import { compilePredicate } from '../../core/wire/expression.ts';
import { refusal } from '../../core/problems/errors.ts';
import type { Data } from '../../core/wire/event.ts';

/** Which records of a recording are played. Can be handed to another thread. */
export interface RecordFilter {
  /** An expression that is true for a datum; see core/wire/expression.ts. */
  filter?: string | undefined;
  /** This share of all records, 0 to 1; the same ones in every replay. */
  share?: number | undefined;
}

/** @throws refusal `share_malformed` */
export function recordFilterOf({ filter, sample }: { filter?: string; sample?: string }): RecordFilter {
  return { filter, share: sample === undefined ? undefined : shareOf(sample) };
}

/** Whether a record is played; `data` is asked for only where it matters. */
export type RecordPredicate = (timeMs: number, subject: string, data: () => Data) => boolean;

/** null where all are. @throws refusal `expression_malformed` */
export function recordPredicate({ filter, share }: RecordFilter): RecordPredicate | null {
  const matches = filter === undefined ? null : compilePredicate(filter);
  if (matches === null && share === undefined) return null;
  return (timeMs, subject, data) =>
    (share === undefined || lot(timeMs, subject) < share) && (matches === null || matches(data()));
}

/** A share of records such as 10% or 0.1. @throws refusal `share_malformed` */
export function shareOf(text: string): number {
  const [, number, percent] = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(text.trim()) ?? [];
  const share = Number(number) / (percent ? 100 : 1);
  if (share > 0 && share <= 1) return share;
  throw refusal('share_malformed', 422, `"${text.slice(0, 60)}" is no share of the records.`, {
    hint: 'Write it as 10% or 0.1.',
  });
}

/**
 * A number from 0 to 1 that a record draws by its time and subject, so that it is chosen wherever a replay begins, and
 * neighbours are as good as independent: FNV-1a, finished as in MurmurHash3. Draws of different purposes do not depend on
 * each other.
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
