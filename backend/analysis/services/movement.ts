import type { Data, CloudEvent } from '../../../core/wire/event.ts';
import { bearingDegrees } from '../../../core/wire/geo.ts';
import type { GpsMovement } from '../../../schemas/types.ts';
import { MAX_SPEED, newTrack, Tracker, type Step, type Track } from '../gps/track.ts';
import { Service, type Context, type Derived, type ServiceKind } from '../engine/service.ts';
import type { ParamsOf, ParamsSchema } from '../engine/params.ts';

const params = {
  type: 'object',
  properties: {
    stopped_below_mps: {
      type: 'number',
      minimum: 0,
      default: 0.5,
      description: 'A subject slower than this has stopped, m/s.',
    },
    turns_above_m: {
      type: 'number',
      minimum: 0,
      default: 1,
      description: 'A step shorter than this does not change the heading, m.',
    },
    max_speed_mps: MAX_SPEED,
  },
  additionalProperties: false,
} as const satisfies ParamsSchema;
type Params = ParamsOf<typeof params>;

interface State {
  track: Track;
  cumulativeM: number;
  speedMps: number;
  headingDegrees: number | null;
}

/** Derives speed, heading and distance from one fix of a subject to the next; an outlier changes none of them. */
class Movement extends Service<State> {
  readonly #params: Params;
  readonly #tracker: Tracker;

  constructor(params: Params) {
    super();
    this.#params = params;
    this.#tracker = new Tracker(params.max_speed_mps);
  }

  override receive({ data }: CloudEvent, context: Context<State>): Derived[] {
    if (typeof data['latitude'] !== 'number' || typeof data['longitude'] !== 'number') {
      context.reject('The datum has no latitude and longitude.');
      return [];
    }
    const state = context.state ?? { track: newTrack(), cumulativeM: 0, speedMps: 0, headingDegrees: null };
    const step = this.#tracker.follow(state.track, data, context.timeMs);
    if (!step) return [];
    context.state = state;
    if (step.outlier === null) this.#move(state, step);
    return [{ data: this.#datum(data, state, step) }];
  }

  #move(state: State, { from, distanceM, elapsedSeconds }: Step): void {
    state.cumulativeM += distanceM;
    // Two fixes with the same time say nothing about speed.
    if (elapsedSeconds > 0) state.speedMps = distanceM / elapsedSeconds;
    // While a subject stands, the bearing between its fixes is noise.
    if (from && distanceM >= this.#params.turns_above_m)
      state.headingDegrees = bearingDegrees(from, state.track.last!);
  }

  #datum({ latitude, longitude }: Data, state: State, step: Step): Data {
    const { cumulativeM, speedMps, headingDegrees } = state;
    const datum = {
      latitude: latitude as number,
      longitude: longitude as number,
      elapsed_seconds: round(step.elapsedSeconds, 1e3),
      distance_m: round(step.distanceM, 1e3),
      cumulative_distance_m: round(cumulativeM, 1e3),
      speed_mps: round(speedMps, 1e3),
      heading_degrees: headingDegrees === null ? null : round(headingDegrees, 10) % 360,
      state: speedMps < this.#params.stopped_below_mps ? 'stopped' : 'moving',
    } satisfies GpsMovement;
    if (step.outlier === null) return datum;
    return { ...datum, outlier: true, outlier_reason: step.outlier } satisfies GpsMovement;
  }
}

function round(value: number, scale: number): number {
  return Math.round(value * scale) / scale;
}

export default {
  name: 'movement',
  summary: 'Derives speed, heading, distance and moving or stopped from position fixes; flags outliers.',
  input: 'gps',
  output: 'gps.movement',
  keepsState: true,
  params,
  create: (given: Params) => new Movement(given),
} satisfies ServiceKind;
