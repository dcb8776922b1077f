import { timeMsOf, type CloudEvent } from '../../../core/wire/event.ts';
import type { ParamsOf, ParamsSchema } from '../engine/params.ts';
import { Service, type Context, type Derived, type ServiceKind, type Timer } from '../engine/service.ts';
import { ALERTS, silenceAlert, violationAlert } from '../quality/alerts.ts';
import { newQualityWindow, observe, qualityOf, type QualityWindow } from '../quality/quality-window.ts';
import { SchemaCheck } from '../quality/schema-check.ts';

const params = {
  type: 'object',
  properties: {
    schema: {
      type: 'string',
      description:
        'Name of the schema under schemas/channels/ that data must match. Default: the one with the name of the channel, if there is one.',
    },
    window_seconds: {
      type: 'number',
      minimum: 1,
      maximum: 86_400,
      default: 60,
      description: 'Length of a window of event time.',
    },
    max_violation_share: {
      type: 'number',
      minimum: 0,
      maximum: 1,
      default: 0.05,
      description: 'An alert is raised when a larger share of the events of a window violates the schema.',
    },
    min_events: {
      type: 'integer',
      minimum: 1,
      default: 10,
      description: 'Windows with fewer events raise no alert about violations.',
    },
    max_silence_seconds: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 60,
      description: 'An alert is raised when there is no event for this much event time.',
    },
  },
  additionalProperties: false,
} as const satisfies ParamsSchema;
type Params = ParamsOf<typeof params>;

interface State {
  channel: string;
  /** Offset of the last event. */
  offset: number;
  /** The latest event time so far, epoch ms. */
  newestMs: number;
  /** The open window; null between two windows. */
  tally: QualityWindow | null;
  /** Whether the last window had too many violations: only the first such window raises an alert. */
  isBad: boolean;
}

const WINDOW = 'window';
const SILENCE = 'silence';

/** Watches how complete, timely and valid the events of a channel are. */
class QualityService extends Service<State> {
  readonly #params: Params;
  readonly #windowMs: number;
  readonly #silenceMs: number;
  readonly #schemaCheck: SchemaCheck;

  constructor(given: Params) {
    super();
    this.#params = given;
    this.#windowMs = given.window_seconds * 1000;
    this.#silenceMs = given.max_silence_seconds * 1000;
    this.#schemaCheck = new SchemaCheck(given.schema);
  }

  /** The whole channel has one state. */
  override key(): string {
    return '';
  }

  override receive(event: CloudEvent, context: Context<State>): Derived[] {
    if (event.restored) return [];
    const { timeMs } = context;
    const { type: channel, offset, subject } = event;
    // Events before the first one that this service sees are not missing.
    const first = { channel, offset: offset - 1, newestMs: timeMs, tally: null, isBad: false };
    const state: State = context.state ?? first;
    state.tally ??= this.#open(context);
    const violation = this.#schemaCheck.violation(event);
    if (violation) context.reject(violation.reason);
    observe(state.tally, {
      subject,
      missing: Math.max(0, offset - state.offset - 1),
      sinceNewestMs: timeMs - state.newestMs,
      delayMs: event.replay === undefined ? timeMsOf(event.sent) - timeMs : null,
      violation: violation?.what ?? null,
    });
    state.offset = offset;
    state.newestMs = Math.max(state.newestMs, timeMs);
    context.state = state;
    context.setTimer(SILENCE, state.newestMs + this.#silenceMs);
    return [];
  }

  override due({ name, timeMs, ended }: Timer, context: Context<State>): Derived[] {
    const { state } = context;
    if (!state) return [];
    const {
      max_violation_share: limit,
      max_silence_seconds: limitSeconds,
      min_events: minEvents,
    } = this.#params;
    if (name === SILENCE)
      return ended ? [] : [silenceAlert(state.channel, state.newestMs, timeMs, limitSeconds)];
    const { tally } = state;
    if (!tally) return [];
    // The last window of a replay ends with its last event.
    if (ended) tally.toMs = Math.max(tally.fromMs, Math.min(tally.toMs, state.newestMs));
    state.tally = null;
    const quality = qualityOf(tally, state.channel);
    const wasBad = state.isBad;
    if (quality.events >= minEvents) state.isBad = quality.violation_share > limit;
    context.state = state;
    const window: Derived = { subject: state.channel, timeMs: tally.toMs, data: { ...quality } };
    return state.isBad && !wasBad ? [window, violationAlert(state.channel, tally, limit)] : [window];
  }

  /** Windows begin at multiples of their length; the first of an epoch begins with its first event. Empty windows are left out. */
  #open(context: Context<State>): QualityWindow {
    const startMs = Math.floor(context.watermarkMs / this.#windowMs) * this.#windowMs;
    context.setTimer(WINDOW, startMs + this.#windowMs);
    return newQualityWindow(context.state ? startMs : context.watermarkMs, startMs + this.#windowMs);
  }
}

export default {
  name: 'quality',
  summary: 'Measures how complete, timely and valid the events of a channel are, and raises alerts.',
  input: 'gps',
  output: 'quality',
  outputs: { [ALERTS]: ALERTS },
  params,
  create: (given: Params) => new QualityService(given),
} satisfies ServiceKind;
