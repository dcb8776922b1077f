import { isoTime, type CloudEvent } from '../../../core/wire/event.ts';
import type { GpsStop } from '../../../schemas/types.ts';
import { centroid, durationMs, extend, isWithin, newStay, type Stay } from '../gps/stay.ts';
import { MAX_SPEED, newTrack, Tracker, type Track } from '../gps/track.ts';
import { Service, type Context, type Derived, type ServiceKind, type Timer } from '../engine/service.ts';
import type { ParamsOf, ParamsSchema } from '../engine/params.ts';

const params = {
  type: 'object',
  properties: {
    radius_m: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 100,
      description: 'Radius of a stop around its first fix, m.',
    },
    minimum_seconds: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 300,
      description: 'A shorter stay is not a stop.',
    },
    gap_seconds: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 86_400,
      description: 'A stop ends after this long without a fix: the place of the subject is unknown then.',
    },
    max_speed_mps: MAX_SPEED,
  },
  additionalProperties: false,
} as const satisfies ParamsSchema;
type Params = ParamsOf<typeof params>;

interface State {
  track: Track;
  stay: Stay | null;
}

const SILENCE = 'silence';

/**
 * Finds stops as stay points (Li et al., "Mining user similarity based on location history", ACM GIS 2008, definition 3;
 * the "sliding" method of trackintel). A stay is a fix and the following ones within a radius around it; it is a stop when
 * it lasts long enough, and the first fix outside begins the next stay. Its duration runs from the first fix inside to the
 * last, as in the paper's definition (the paper's listing uses the first fix outside). Its place is the mean of the fixes
 * without repeated places.
 */
class Stops extends Service<State> {
  readonly #params: Params;
  readonly #gapMs: number;
  readonly #tracker: Tracker;

  constructor(params: Params) {
    super();
    this.#params = params;
    this.#gapMs = params.gap_seconds * 1000;
    this.#tracker = new Tracker(params.max_speed_mps);
  }

  override receive(event: CloudEvent, context: Context<State>): Derived[] {
    const state = context.state ?? { track: newTrack(), stay: null };
    const step = this.#tracker.follow(state.track, event.data, context.timeMs);
    if (!step) return [];
    context.state = state;
    if (step.outlier !== null) return [];
    const { stay } = state;
    const fix = state.track.last!;
    if (stay && isWithin(stay, fix, this.#params.radius_m, this.#gapMs)) {
      const wasStop = this.#isStop(stay);
      extend(stay, fix);
      if (!this.#isStop(stay)) return [];
      context.setTimer(SILENCE, fix.timeMs + this.#gapMs);
      return wasStop ? [] : [derived('arrived', stay)];
    }
    state.stay = newStay(fix, !event.restored);
    if (!stay || !this.#isStop(stay)) return [];
    context.clearTimer(SILENCE);
    const isSeen = fix.timeMs - stay.last.timeMs < this.#gapMs;
    return [isSeen ? derived('left', stay) : derived('left', stay, true)];
  }

  /** No fix has come for too long: the subject has left unseen. */
  override due({ ended }: Timer, context: Context<State>): Derived[] {
    const { track, stay } = context.state!;
    context.state = { track, stay: null };
    const last = derived('left', stay!, true);
    return [ended ? { ...last, timeMs: stay!.last.timeMs } : last];
  }

  #isStop(stay: Stay): boolean {
    return durationMs(stay) >= this.#params.minimum_seconds * 1000;
  }
}

function derived(event: GpsStop['event'], stay: Stay, open = false): Derived {
  const data = {
    event,
    ...centroid(stay),
    arrived: isoTime(stay.first.timeMs),
    ...(event === 'left' && { left: isoTime(stay.last.timeMs), open }),
    duration_seconds: durationMs(stay) / 1000,
    fixes: stay.fixes,
  } satisfies GpsStop;
  return { data };
}

export default {
  name: 'stops',
  summary: 'Finds where subjects stay: reports when a subject arrives and when it leaves.',
  input: 'gps',
  output: 'gps.stops',
  params,
  create: (given: Params) => new Stops(given),
} satisfies ServiceKind;
