import { refusal } from '../../core/problems/errors.ts';
import { spanOf } from '../../core/time/duration.ts';

/**
 * A moment of a recording: an ISO 8601 time, or an offset from its start such as 90s, 1.5h.
 * @throws refusal when it is neither
 */
export function recordingTimeMs(text: string | undefined, startMs: number, name: string): number | undefined {
  if (text === undefined) return undefined;
  const offsetMs = spanOf(text);
  if (offsetMs !== null && offsetMs >= 0) return startMs + offsetMs;
  const zoned = /^\d{4}-\d{2}-\d{2}/.test(text)
    ? /(?:Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10)) || text.length === 10
      ? text
      : `${text}Z`
    : '';
  const timeMs = Date.parse(zoned);
  if (!Number.isNaN(timeMs)) return timeMs;
  throw refusal('moment_malformed', 422, `"${text.slice(0, 60)}" is no ${name}.`, {
    hint: 'Write a time such as 2019-12-24T20:30:00Z, or an offset from the start such as 90s.',
  });
}

/** A range of a recording, two moments as A..B. @throws refusal when it is none, or empty */
export function recordingRangeMs(text: string, startMs: number): { startMs: number; endMs: number } {
  const [from, to, ...more] = text.split('..');
  const range = {
    startMs: recordingTimeMs(from || '0s', startMs, 'begin of a range')!,
    endMs: recordingTimeMs(to ?? '', startMs, 'end of a range')!,
  };
  if (more.length === 0 && range.startMs < range.endMs) return range;
  throw refusal('range_empty', 422, `"${text.slice(0, 60)}" is no range.`, {
    hint: 'Write A..B, for instance 90s..2m.',
  });
}
