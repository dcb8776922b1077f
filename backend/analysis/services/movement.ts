import type { Event } from '../../../core/event.ts';
import { bearingDegrees, distanceM } from '../../../core/geo.ts';
import type { Gps, GpsMovement } from '../../../schemas/types.ts';
import { Service, type Context, type Derived, type ServiceKind } from '../service.ts';

interface State {
  timeMs: number;
  latitude: number;
  longitude: number;
  cumulativeM: number;
  speedMps: number;
  headingDegrees: number | null;
}

/** Speed, heading and distance from one fix of a subject to the next. */
class Movement extends Service<State> {
  readonly #stoppedBelowMps: number;
  readonly #turnsAboveM: number;

  constructor(stoppedBelowMps: number, turnsAboveM: number) {
    super();
    this.#stoppedBelowMps = stoppedBelowMps;
    this.#turnsAboveM = turnsAboveM;
  }

  override receive(event: Event, context: Context<State>): Derived[] {
    const fix = event.data as unknown as Gps;
    const { timeMs, state: before } = context;
    // A fix older than the last tells nothing about where the subject went since.
    if (before && timeMs < before.timeMs) return [];
    const elapsedSeconds = before ? (timeMs - before.timeMs) / 1000 : 0;
    const stepM = before ? distanceM(before, fix) : 0;
    const after: State = {
      timeMs,
      latitude: fix.latitude,
      longitude: fix.longitude,
      cumulativeM: (before?.cumulativeM ?? 0) + stepM,
      // Two fixes of one instant say nothing about speed.
      speedMps: elapsedSeconds > 0 ? stepM / elapsedSeconds : (before?.speedMps ?? 0),
      // While a subject stands, the bearing between its fixes is noise.
      headingDegrees:
        before && stepM >= this.#turnsAboveM ? bearingDegrees(before, fix) : (before?.headingDegrees ?? null),
    };
    context.state = after;
    return [{ data: { ...this.#datum(after, elapsedSeconds, stepM) } }];
  }

  #datum(state: State, elapsedSeconds: number, stepM: number): GpsMovement {
    return {
      latitude: state.latitude,
      longitude: state.longitude,
      elapsed_seconds: round(elapsedSeconds, 3),
      distance_m: round(stepM, 3),
      cumulative_distance_m: round(state.cumulativeM, 3),
      speed_mps: round(state.speedMps, 3),
      heading_degrees: state.headingDegrees === null ? null : round(state.headingDegrees, 1) % 360,
      state: state.speedMps < this.#stoppedBelowMps ? 'stopped' : 'moving',
    };
  }
}

function round(value: number, digits: number): number {
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}

export default {
  name: 'movement',
  summary: 'Derives speed, heading, distance and moving or stopped from position fixes.',
  input: 'gps',
  output: 'gps.movement',
  params: {
    type: 'object',
    properties: {
      stopped_below_mps: {
        type: 'number',
        minimum: 0,
        default: 0.5,
        description: 'Slower than this is stopped, m/s.',
      },
      turns_above_m: {
        type: 'number',
        minimum: 0,
        default: 1,
        description: 'A step shorter than this does not change the heading, m.',
      },
    },
    additionalProperties: false,
  },
  create: (params) => new Movement(params['stopped_below_mps'] as number, params['turns_above_m'] as number),
} satisfies ServiceKind;
