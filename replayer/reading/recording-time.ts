import { refusal } from '../../core/problems/errors.ts';
import { parseDurationMs } from '../../core/time/duration.ts';
import { guessTimeFormat } from '../formats/support/times/guess.ts';
import { timeReader } from '../formats/support/times/reader.ts';
import { zonedShare } from '../formats/support/times/zone-evidence.ts';

/** The zone of several recordings, if they agree; null where they do not, or where one has none (null). */
export function commonZone(zones: readonly (string | null)[]): string | null {
  const [first = 'UTC', ...others] = zones;
  return others.every((zone) => zone === first) ? first : null;
}

/**
 * A time in a recording, epoch ms, from a time in any notation that is read in recordings, or an offset from the
 * recording's start such as 90s or 1.5h. `name` says what the time is for, in messages. `zone` is the recording's, for times
 * that name none; null where several recordings have different ones.
 * @throws refusal `moment_malformed`
 */
export function recordingTimeMs(
  text: string | undefined,
  startMs: number,
  name: string,
  zone: string | null,
): number | undefined {
  if (text === undefined) return undefined;
  const offsetMs = parseDurationMs(text);
  if (offsetMs !== null && offsetMs >= 0) return startMs + offsetMs;
  const shown = `"${text.slice(0, 60)}"`;
  const hint = 'Write a time such as 2019-12-24T20:30:00Z, or an offset from the start such as 90s.';
  const format = guessTimeFormat([text]);
  if (!format) throw refusal('moment_malformed', `${shown} is not a valid ${name}.`, { hint });
  if (format.certainty === 'guess' && format.instead)
    throw refusal(
      'moment_malformed',
      `${shown} can be read as ${format.value} and as ${format.instead.value}.`,
      { hint },
    );
  if (zone === null && zonedShare(format.value, [text]) !== 'all')
    throw refusal(
      'moment_malformed',
      `${shown} names no time zone, and the times of the recordings are in different zones.`,
      { hint: 'Write the zone behind it, such as 2019-12-24T20:30:00+01:00, or Z for UTC.' },
    );
  const timeMs = timeReader(format.value, zone ?? 'UTC')(text);
  if (!Number.isNaN(timeMs)) return timeMs;
  throw refusal('moment_malformed', `The clocks of ${zone} never show ${shown}.`, { hint });
}

/** A time range of a recording, written as A..B; without A it begins at the start. @throws refusal when it is malformed or empty */
export function recordingRangeMs(
  text: string,
  startMs: number,
  zone: string | null,
): { startMs: number; endMs: number } {
  const [from, to, ...more] = text.split('..');
  const range = {
    startMs: recordingTimeMs(from || '0s', startMs, 'start of a range', zone)!,
    endMs: recordingTimeMs(to ?? '', startMs, 'end of a range', zone)!,
  };
  if (more.length === 0 && range.startMs < range.endMs) return range;
  throw refusal('range_empty', `"${text.slice(0, 60)}" is not a valid range.`, {
    hint: 'Write A..B, for instance 90s..2m.',
  });
}
