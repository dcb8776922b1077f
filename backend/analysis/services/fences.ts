import { isoTime, type CloudEvent } from '../../../core/wire/event.ts';
import type { GpsFenceEvent } from '../../../schemas/types.ts';
import { FenceIndex, type FenceCollection } from '../gps/fence-index.ts';
import { MAX_SPEED, newTrack, Tracker, type Track } from '../gps/track.ts';
import { Service, type Context, type Derived, type ServiceKind, type Timer } from '../engine/service.ts';

interface Params {
  fences: FenceCollection;
  min_fixes: number;
  dwell_seconds?: number;
  max_speed_mps: number;
}

interface State {
  track: Track;
  /** The fences that the subject is in, by id, and since when. */
  inside: { [id: string]: { name: string | null; enteredMs: number } };
  /** Fixes in a row that say otherwise, by the fence's id. */
  changing: { [id: string]: { fixes: number; sinceMs: number } };
}

const DWELL = 'dwell:';

/** Enter, exit and dwell for each subject and fence; a late fix or an outlier causes none. */
class Fences extends Service<State> {
  readonly #index: FenceIndex;
  readonly #params: Params;
  readonly #tracker: Tracker;

  constructor(params: Params) {
    super();
    this.#index = new FenceIndex(params.fences);
    this.#params = params;
    this.#tracker = new Tracker(params.max_speed_mps);
  }

  override receive(event: CloudEvent, context: Context<State>): Derived[] {
    const state = context.state ?? { track: newTrack(), inside: {}, changing: {} };
    const step = this.#tracker.follow(state.track, event.data, context.timeMs);
    if (!step) return [];
    context.state = state;
    if (step.outlier !== null) return [];
    const { inside, changing } = state;
    const derived: Derived[] = [];
    for (const id in inside) if (!this.#index.has(id)) derived.push(this.#exit(state, id, context, true));
    const here = new Map(this.#index.at(state.track.last!).map((fence) => [fence.id, fence]));
    // What says the same as before ends a change that had begun.
    for (const id in changing) if (here.has(id) === id in inside) delete changing[id];
    for (const id in inside)
      if (!here.has(id) && this.#isChanged(state, id, event)) derived.push(this.#exit(state, id, context));
    for (const { id, name } of here.values()) {
      if (id in inside || !this.#isChanged(state, id, event)) continue;
      const enter = this.#enter(state, id, name, context);
      // Where a subject had been before a seek, it does not come to.
      if (!event.restored) derived.push(enter);
    }
    return derived;
  }

  override due({ name, ended, timeMs }: Timer, context: Context<State>): Derived[] {
    const state = context.state!;
    const id = name.slice(DWELL.length);
    if (ended || !state.inside[id]) return [];
    return [this.#derived('dwell', state, id, timeMs)];
  }

  #isChanged({ changing, track }: State, id: string, { restored }: CloudEvent): boolean {
    const change = (changing[id] ??= { fixes: 0, sinceMs: track.last!.timeMs });
    return ++change.fixes >= this.#params.min_fixes || restored === true;
  }

  #enter(state: State, id: string, name: string | null, context: Context<State>): Derived {
    const enteredMs = state.changing[id]!.sinceMs;
    delete state.changing[id];
    state.inside[id] = { name, enteredMs };
    const { dwell_seconds: dwellSeconds } = this.#params;
    if (dwellSeconds !== undefined) context.setTimer(DWELL + id, enteredMs + dwellSeconds * 1000);
    return this.#derived('enter', state, id, enteredMs);
  }

  #exit(state: State, id: string, context: Context<State>, synthetic = false): Derived {
    const leftMs = synthetic ? context.timeMs : state.changing[id]!.sinceMs;
    const exit = this.#derived('exit', state, id, leftMs, synthetic);
    delete state.inside[id];
    delete state.changing[id];
    context.clearTimer(DWELL + id);
    return exit;
  }

  #derived(
    event: GpsFenceEvent['event'],
    { track, inside }: State,
    fence: string,
    atMs: number,
    synthetic = false,
  ): Derived {
    const { name, enteredMs } = inside[fence]!;
    const { latitude, longitude } = track.last!;
    const data = {
      event,
      fence,
      ...(name !== null && { name }),
      latitude,
      longitude,
      entered: isoTime(enteredMs),
      ...(event === 'exit' && { left: isoTime(atMs) }),
      duration_seconds: (atMs - enteredMs) / 1000,
      ...(synthetic && { synthetic }),
    } satisfies GpsFenceEvent;
    return { data };
  }
}

/** JSON Schema of a ring as RFC 7946 has it. */
const RING = {
  type: 'array',
  minItems: 4,
  items: { type: 'array', minItems: 2, items: { type: 'number' } },
};
const POLYGON = { type: 'array', minItems: 1, items: RING };

function shape(type: string, coordinates: object): object {
  return { if: { properties: { type: { const: type } } }, then: { properties: { coordinates } } };
}

export default {
  name: 'fences',
  summary: 'Tells when subjects come into fences, stay in them, and go out.',
  input: 'gps',
  output: 'gps.fences',
  keepsState: true,
  params: {
    type: 'object',
    properties: {
      fences: {
        type: 'object',
        required: ['features'],
        properties: {
          features: {
            type: 'array',
            items: {
              type: 'object',
              required: ['geometry'],
              properties: {
                geometry: {
                  type: 'object',
                  required: ['type', 'coordinates'],
                  properties: { type: { enum: ['Polygon', 'MultiPolygon'] } },
                  allOf: [shape('Polygon', POLYGON), shape('MultiPolygon', { ...POLYGON, items: POLYGON })],
                },
              },
            },
          },
        },
        description:
          'A GeoJSON FeatureCollection of Polygons and MultiPolygons, each with an id or a name of its own.',
      },
      min_fixes: {
        type: 'integer',
        minimum: 1,
        default: 1,
        description: 'So many fixes in a row say that a fence was entered or left: more for noisy positions.',
      },
      dwell_seconds: {
        type: 'number',
        exclusiveMinimum: 0,
        description: 'After so long inside a subject is said to dwell, once a visit.',
      },
      max_speed_mps: MAX_SPEED,
    },
    required: ['fences'],
    additionalProperties: false,
  },
  create: (params) => new Fences(params as unknown as Params),
} satisfies ServiceKind;
