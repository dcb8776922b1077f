import { cellToLatLng, latLngToCell } from 'h3-js';
import { isoTime, type CloudEvent } from '../../../core/wire/event.ts';
import type { GpsDensity } from '../../../schemas/types.ts';
import { flawOf } from '../gps/track.ts';
import { Service, type Context, type Derived, type ServiceKind, type Timer } from '../engine/service.ts';
import type { ParamsOf, ParamsSchema } from '../engine/params.ts';

const params = {
  type: 'object',
  properties: {
    resolution: {
      type: 'integer',
      minimum: 0,
      maximum: 15,
      default: 8,
      description:
        'Resolution of the H3 grid. The edge of a cell is 530 m long at 8, and 2.6 times shorter with each further step.',
    },
    window_seconds: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 300,
      description: 'Length of a window; windows begin at multiples of it since 1970.',
    },
  },
  additionalProperties: false,
} as const satisfies ParamsSchema;
type Params = ParamsOf<typeof params>;

/** Counts in a cell by the start of the window, epoch ms. */
interface State {
  [startMs: string]: { fixes: number; subjects: { [subject: string]: true } };
}

/** The key of fixes that are in no cell. */
const NO_CELL = '';

/**
 * Counts fixes and subjects in each cell of the H3 grid (Uber, 2018), window by window of event time. A window is
 * published at its end. State is kept per cell, so a commit writes only the cells that have changed.
 */
class Density extends Service<State> {
  readonly #resolution: number;
  readonly #windowMs: number;

  constructor(params: Params) {
    super();
    this.#resolution = params.resolution;
    this.#windowMs = params.window_seconds * 1000;
  }

  override key({ data }: CloudEvent): string {
    if (flawOf(data)) return NO_CELL;
    return latLngToCell(data['latitude'] as number, data['longitude'] as number, this.#resolution);
  }

  override receive({ subject, restored }: CloudEvent, context: Context<State>): Derived[] {
    const { timeMs, watermarkMs, key } = context;
    if (key === NO_CELL || restored) return [];
    const startMs = Math.floor(timeMs / this.#windowMs) * this.#windowMs;
    const endMs = startMs + this.#windowMs;
    if (endMs <= watermarkMs) {
      context.reject('Late: its window has been published.');
      return [];
    }
    const state = context.state ?? {};
    let window = state[startMs];
    if (!window) {
      window = state[startMs] = { fixes: 0, subjects: {} };
      context.setTimer(String(startMs), endMs);
    }
    window.fixes++;
    window.subjects[subject] = true;
    context.state = state;
    return [];
  }

  override due({ name, timeMs, ended }: Timer, context: Context<State>): Derived[] {
    const { [name]: window, ...others } = context.state!;
    context.state = Object.keys(others).length > 0 ? others : null;
    const [latitude, longitude] = cellToLatLng(context.key);
    const data = {
      cell: context.key,
      resolution: this.#resolution,
      latitude,
      longitude,
      window_start: isoTime(Number(name)),
      window_end: isoTime(timeMs),
      fixes: window!.fixes,
      subjects: Object.keys(window!.subjects).length,
      complete: !ended,
    } satisfies GpsDensity;
    return [{ data }];
  }
}

export default {
  name: 'density',
  summary: 'Counts fixes and subjects in the cells of a hexagonal grid, window by window.',
  input: 'gps',
  output: 'gps.density',
  params,
  create: (given: Params) => new Density(given),
} satisfies ServiceKind;
