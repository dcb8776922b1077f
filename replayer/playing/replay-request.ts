import { refusal } from '../../core/problems/errors.ts';
import { durationMs } from '../../core/time/duration.ts';
import { isoTime } from '../../core/wire/event.ts';
import type { ReplayRequest } from '../../schemas/types.ts';
import { recordingTimeMs } from '../reading/recording-time.ts';
import type { Step } from './step.ts';

/** A range of recording time, epoch ms, both ends included. */
export interface PlayedRange {
  startMs: number;
  endMs: number;
}

/** The range that a request asks for. `zone`: of times that name none, as in `recordingTimeMs`. @throws refusal where nothing lies in it */
export function rangeOf(
  { start, end, duration }: ReplayRequest,
  timeline: { startMs: number; endMs: number | null },
  zone: string | null,
): PlayedRange {
  const startMs = recordingTimeMs(start, timeline.startMs, 'start', zone) ?? timeline.startMs;
  const endMs =
    recordingTimeMs(end, timeline.startMs, 'end', zone) ??
    recordingTimeMs(duration, startMs, 'duration', zone) ??
    Infinity;
  if (endMs >= startMs && startMs <= (timeline.endMs ?? Infinity)) return { startMs, endMs };
  const asked = `${isoTime(startMs)} and ${endMs === Infinity ? 'the end' : isoTime(endMs)}`;
  const until = timeline.endMs === null ? '' : ` to ${isoTime(timeline.endMs)}`;
  throw refusal('range_empty', `Nothing lies between ${asked}.`, {
    hint: `The recording goes from ${isoTime(timeline.startMs)}${until}.`,
  });
}

/** A step of REST: forward, or back by a number of times of records. @throws refusal for what is not a step */
export function stepOf(step: number | string): Step | { back: number } {
  if (typeof step === 'number') return step > 0 ? { records: step } : { back: -step };
  if (step === 'time') return { times: 1 };
  if (step === '-time') return { back: 1 };
  return { spanMs: durationMs(step, 'step') };
}
