import { refusal } from '../../core/problems/errors.ts';
import { parseDurationMs } from '../../core/time/duration.ts';

/**
 * A time in a recording, epoch ms, from an ISO 8601 time or an offset from the recording's start such as 90s or 1.5h.
 * `name` says what the time is for, in messages. @throws refusal `moment_malformed`
 */
export function recordingTimeMs(text: string | undefined, startMs: number, name: string): number | undefined {
  if (text === undefined) return undefined;
  const offsetMs = parseDurationMs(text);
  if (offsetMs !== null && offsetMs >= 0) return startMs + offsetMs;
  const zoned = /^\d{4}-\d{2}-\d{2}/.test(text)
    ? /(?:Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10)) || text.length === 10
      ? text
      : `${text}Z`
    : '';
  const timeMs = Date.parse(zoned);
  if (!Number.isNaN(timeMs)) return timeMs;
  throw refusal('moment_malformed', `"${text.slice(0, 60)}" is not a valid ${name}.`, {
    hint: 'Write a time such as 2019-12-24T20:30:00Z, or an offset from the start such as 90s.',
  });
}

/** A time range of a recording, written as A..B; without A it begins at the start. @throws refusal when it is malformed or empty */
export function recordingRangeMs(text: string, startMs: number): { startMs: number; endMs: number } {
  const [from, to, ...more] = text.split('..');
  const range = {
    startMs: recordingTimeMs(from || '0s', startMs, 'start of a range')!,
    endMs: recordingTimeMs(to ?? '', startMs, 'end of a range')!,
  };
  if (more.length === 0 && range.startMs < range.endMs) return range;
  throw refusal('range_empty', `"${text.slice(0, 60)}" is not a valid range.`, {
    hint: 'Write A..B, for instance 90s..2m.',
  });
}
