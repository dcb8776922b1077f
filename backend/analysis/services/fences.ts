import { isoTime, type CloudEvent } from '../../../core/wire/event.ts';
import type { GpsFenceEvent } from '../../../schemas/types.ts';
import { FenceIndex } from '../gps/fence-index.ts';
import { FENCES } from '../gps/fence-schema.ts';
import { MAX_SPEED, newTrack, Tracker, type Track } from '../gps/track.ts';
import { Service, type Context, type Derived, type ServiceKind, type Timer } from '../engine/service.ts';
import type { ParamsOf, ParamsSchema } from '../engine/params.ts';

const params = {
  type: 'object',
  properties: {
    fences: FENCES,
    min_fixes: {
      type: 'integer',
      minimum: 1,
      default: 1,
      description:
        'Number of fixes in a row that must agree before a subject has entered or left; use more for noisy positions.',
    },
    dwell_seconds: {
      type: 'number',
      exclusiveMinimum: 0,
      description:
        'A dwell event is sent after this long inside a fence, once per visit; without it there is none.',
    },
    max_speed_mps: MAX_SPEED,
  },
  required: ['fences'],
  additionalProperties: false,
} as const satisfies ParamsSchema;
type Params = ParamsOf<typeof params>;

interface State {
  track: Track;
  /** The fences that the subject is in, by id, and since when. */
  inside: { [id: string]: { name: string | null; enteredMs: number } };
  /** Number of fixes in a row that contradict `inside`, by the id of the fence, and the time of the first. */
  changing: { [id: string]: { fixes: number; sinceMs: number } };
}

const DWELL = 'dwell:';

/** Derives enter, exit and dwell events for each subject and fence; late fixes and outliers derive none. */
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
    // A fix that agrees with `inside` again cancels a change that has begun.
    for (const id in changing) if (here.has(id) === Object.hasOwn(inside, id)) delete changing[id];
    for (const id in inside)
      if (!here.has(id) && this.#isChanged(state, id, event)) derived.push(this.#exit(state, id, context));
    for (const { id, name } of here.values()) {
      if (Object.hasOwn(inside, id) || !this.#isChanged(state, id, event)) continue;
      const enter = this.#enter(state, id, name, context);
      // After a seek the subject was inside already: it has not entered.
      if (!event.restored) derived.push(enter);
    }
    return derived;
  }

  override due({ name, ended, timeMs }: Timer, context: Context<State>): Derived[] {
    const state = context.state!;
    const id = name.slice(DWELL.length);
    if (ended || !Object.hasOwn(state.inside, id)) return [];
    return [this.#derived('dwell', state, id, timeMs)];
  }

  #isChanged({ changing, track }: State, id: string, { restored }: CloudEvent): boolean {
    // An id may be the name of a member that every object has.
    if (!Object.hasOwn(changing, id)) changing[id] = { fixes: 0, sinceMs: track.last!.timeMs };
    return ++changing[id]!.fixes >= this.#params.min_fixes || restored === true;
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

export default {
  name: 'fences',
  summary: 'Reports when subjects enter fences, dwell in them, and leave them.',
  input: 'gps',
  output: 'gps.fences',
  keepsState: true,
  params,
  create: (given: Params) => new Fences(given),
} satisfies ServiceKind;
