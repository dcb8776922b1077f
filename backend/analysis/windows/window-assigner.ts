import { refusal } from '../../../core/problems/errors.ts';
import { spanMs } from '../../../core/time/duration.ts';

/** Which windows there are, as it is configured. Spans are texts such as 10s, 5m, 1h. */
export interface WindowSpec {
  kind: 'tumbling' | 'hopping' | 'sliding' | 'session';
  /** How long a window is; for sessions the silence that ends one. */
  size: string;
  /** Hopping: a window begins so often. */
  every?: string;
  /** Where windows begin, from 1970-01-01T00:00Z on. */
  offset?: string;
}

/** A stretch of event time: from `startMs` to before `endMs`. */
export interface TimeWindow {
  startMs: number;
  endMs: number;
}

/** Answers the windows that an event at a time is in, earliest first. A session's is what it alone would make. */
export type WindowAssigner = (timeMs: number) => TimeWindow[];

/** Of one event. */
const WINDOWS_MAX = 1_000;

/** @throws refusal for windows that there can't be */
export function windowAssigner({ kind, size, every, offset }: WindowSpec): WindowAssigner {
  const sizeMs = spanMs(size, 'window size');
  const offsetMs = spanMs(offset ?? '0s', 'window offset');
  if (!(sizeMs >= 1)) throw malformed(`A window of ${size} is no window.`);
  if (every !== undefined && kind !== 'hopping') throw malformed(`"every" is for hopping windows.`);
  if (kind === 'session' || kind === 'sliding')
    return (timeMs) => [{ startMs: timeMs, endMs: timeMs + sizeMs }];
  const everyMs =
    kind === 'tumbling' ? sizeMs : spanMs(every ?? '', 'distance between hopping windows ("every")');
  if (!(everyMs >= 1) || everyMs > sizeMs)
    throw malformed(`Hopping windows of ${size} must begin more often than that, not every ${every}.`);
  if (sizeMs / everyMs > WINDOWS_MAX)
    throw malformed(`Each event would be in ${Math.ceil(sizeMs / everyMs)} windows; ${WINDOWS_MAX} at most.`);
  return (timeMs) => {
    const last = Math.floor((timeMs - offsetMs) / everyMs) * everyMs + offsetMs;
    const spans: TimeWindow[] = [];
    for (let startMs = last; startMs + sizeMs > timeMs; startMs -= everyMs)
      spans.unshift({ startMs, endMs: startMs + sizeMs });
    return spans;
  };
}

function malformed(what: string): Error {
  return refusal('window_malformed', 422, what, {
    hint: 'For instance {"kind": "hopping", "size": "5m", "every": "1m"}.',
  });
}
