import { isoTime, type CloudEvent } from '../../../core/wire/event.ts';
import type { GpsTrip } from '../../../schemas/types.ts';
import { durationMs, extend, isWithin, newStay, type Stay } from '../gps/stay.ts';
import { MAX_SPEED, newTrack, Tracker, type Fix, type Step, type Track } from '../gps/track.ts';
import { Service, type Context, type Derived, type ServiceKind, type Timer } from '../engine/service.ts';
import type { ParamsOf, ParamsSchema } from '../engine/params.ts';

const params = {
  type: 'object',
  properties: {
    stop_seconds: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 300,
      description: 'A trip ends where the subject stays for this long.',
    },
    stop_radius_m: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 100,
      description: 'The subject stays while it is within this distance of the first fix of the stay, m.',
    },
    gap_seconds: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 900,
      description: 'A trip ends where no fix comes for this long.',
    },
    minimum_m: {
      type: 'number',
      minimum: 0,
      default: 100,
      description: 'Shorter trips are dropped, m: the fixes of a standing subject wander.',
    },
    moving_above_mps: {
      type: 'number',
      minimum: 0,
      default: 0.5,
      description: 'Time at a lower speed than this does not count as moving, m/s.',
    },
    max_speed_mps: MAX_SPEED,
  },
  additionalProperties: false,
} as const satisfies ParamsSchema;
type Params = ParamsOf<typeof params>;

/** Sums over the steps of a way. */
interface TripTotals {
  distanceM: number;
  movingSeconds: number;
  maxSpeedMps: number;
}

interface Trip {
  begin: Fix;
  way: TripTotals;
}

interface State {
  track: Track;
  /** Null while the subject is at a stop. */
  trip: Trip | null;
  /** The stop that the subject is at, or that the latest fixes may turn out to be. */
  stay: Stay | null;
  /** Sums since the stay began. They are part of the trip if it continues. */
  since: TripTotals;
}

const SILENCE = 'silence';

/**
 * Finds trips: the ways between two stops (as the service `stops` finds them) or between gaps without fixes. A trip
 * begins with the last fix of a stop and ends with the first fix of the next, like the triplegs of trackintel.
 */
class Trips extends Service<State> {
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
    const state = context.state ?? { track: newTrack(), trip: null, stay: null, since: noTotals() };
    const step = this.#tracker.follow(state.track, event.data, context.timeMs);
    if (!step) return [];
    context.state = state;
    if (step.outlier !== null) return [];
    const fix = state.track.last!;
    context.setTimer(SILENCE, fix.timeMs + this.#gapMs);
    if (!state.stay || fix.timeMs - state.stay.last.timeMs >= this.#gapMs) {
      const ended = state.stay ? this.#end(state, false) : [];
      this.#begin(state, fix);
      return ended;
    }
    const { stay } = state;
    if (!isWithin(stay, fix, this.#params.stop_radius_m, this.#gapMs)) {
      state.trip ??= { begin: stay.last, way: noTotals() };
      add(state.trip.way, state.since);
      state.stay = newStay(fix, true);
      state.since = noTotals();
      this.#step(state.trip.way, step);
      return [];
    }
    extend(stay, fix);
    if (durationMs(stay) < this.#params.stop_seconds * 1000) {
      this.#step(state.since, step);
      return [];
    }
    state.since = noTotals();
    const { trip } = state;
    state.trip = null;
    return trip ? this.#derived(trip, stay.first, false) : [];
  }

  override due({ ended, timeMs }: Timer, context: Context<State>): Derived[] {
    const state = context.state!;
    const endMs = state.stay!.last.timeMs;
    const trips = this.#end(state, ended).map((trip) => ({ ...trip, timeMs: ended ? endMs : timeMs }));
    context.state = { track: state.track, trip: null, stay: null, since: noTotals() };
    return trips;
  }

  #begin(state: State, fix: Fix): void {
    state.trip = { begin: fix, way: noTotals() };
    state.stay = newStay(fix, true);
    state.since = noTotals();
  }

  /** No more fixes come: the trip, if there is one, ends with the last fix. */
  #end({ trip, stay, since }: State, isOpen: boolean): Derived[] {
    if (!trip) return [];
    add(trip.way, since);
    return this.#derived(trip, stay!.last, isOpen);
  }

  #step(way: TripTotals, { distanceM, elapsedSeconds }: Step): void {
    const speedMps = elapsedSeconds > 0 ? distanceM / elapsedSeconds : 0;
    const movingSeconds = speedMps >= this.#params.moving_above_mps ? elapsedSeconds : 0;
    add(way, { distanceM, movingSeconds, maxSpeedMps: speedMps });
  }

  #derived({ begin, way }: Trip, end: Fix, open: boolean): Derived[] {
    const durationSeconds = (end.timeMs - begin.timeMs) / 1000;
    if (way.distanceM < this.#params.minimum_m || durationSeconds <= 0) return [];
    const data = {
      begin: isoTime(begin.timeMs),
      end: isoTime(end.timeMs),
      from: { latitude: begin.latitude, longitude: begin.longitude },
      to: { latitude: end.latitude, longitude: end.longitude },
      distance_m: round(way.distanceM),
      duration_seconds: durationSeconds,
      moving_seconds: round(way.movingSeconds),
      average_speed_mps: round(way.distanceM / durationSeconds),
      max_speed_mps: round(way.maxSpeedMps),
      open,
    } satisfies GpsTrip;
    return [{ data }];
  }
}

function noTotals(): TripTotals {
  return { distanceM: 0, movingSeconds: 0, maxSpeedMps: 0 };
}

function add(way: TripTotals, more: TripTotals): void {
  way.distanceM += more.distanceM;
  way.movingSeconds += more.movingSeconds;
  way.maxSpeedMps = Math.max(way.maxSpeedMps, more.maxSpeedMps);
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}

export default {
  name: 'trips',
  summary: 'Finds the trips of subjects between their stops and between gaps without fixes.',
  input: 'gps',
  output: 'gps.trips',
  params,
  create: (given: Params) => new Trips(given),
} satisfies ServiceKind;
