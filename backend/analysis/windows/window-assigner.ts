import { refusal } from '../../../core/problems/errors.ts';
import { durationMs } from '../../../core/time/duration.ts';
import type { WindowParams } from './params.ts';

/** A range of event time: from `startMs` to before `endMs`, epoch ms. */
export interface TimeWindow {
  startMs: number;
  endMs: number;
}

/** Returns the windows that an event is in, the earliest first. For sessions: the session that the event alone would make. */
export type WindowAssigner = (timeMs: number) => TimeWindow[];

/** An event is in at most this many windows. */
const WINDOWS_MAX = 1_000;

/** @throws refusal `window_malformed` for windows that are not possible */
export function windowAssigner({ kind, size, every, offset }: WindowParams['window']): WindowAssigner {
  const sizeMs = durationMs(size, 'window size');
  const offsetMs = durationMs(offset ?? '0s', 'window offset', { mayBeNegative: true });
  if (!(sizeMs >= 1)) throw malformed(`A window must be at least 1 ms long, not ${size}.`);
  if (every !== undefined && kind !== 'hopping') throw malformed('"every" applies only to hopping windows.');
  if (kind === 'session' || kind === 'sliding')
    return (timeMs) => [{ startMs: timeMs, endMs: timeMs + sizeMs }];
  const everyMs =
    kind === 'tumbling' ? sizeMs : durationMs(every ?? '', 'distance between hopping windows ("every")');
  if (!(everyMs >= 1) || everyMs > sizeMs)
    throw malformed(`Hopping windows of ${size} must begin more often than every ${every}.`);
  if (sizeMs / everyMs > WINDOWS_MAX)
    throw malformed(
      `Each event would be in ${Math.ceil(sizeMs / everyMs)} windows; at most ${WINDOWS_MAX} are allowed.`,
    );
  return (timeMs) => {
    const last = Math.floor((timeMs - offsetMs) / everyMs) * everyMs + offsetMs;
    const windows: TimeWindow[] = [];
    for (let startMs = last; startMs + sizeMs > timeMs; startMs -= everyMs)
      windows.unshift({ startMs, endMs: startMs + sizeMs });
    return windows;
  };
}

function malformed(what: string): Error {
  return refusal('window_malformed', what, {
    hint: 'For instance {"kind": "hopping", "size": "5m", "every": "1m"}.',
  });
}
