import { channelSpec, dataValidator } from '../../../core/wire/channels.ts';
import { isoTime, timeMsOf, type Data, type CloudEvent } from '../../../core/wire/event.ts';
import { explain } from '../../../schemas/index.ts';
import { newQualityWindow, observe, qualityOf, type QualityWindow } from '../quality/quality-window.ts';
import { Service, type Context, type Derived, type ServiceKind, type Timer } from '../engine/service.ts';

interface Params {
  schema?: string;
  window_seconds: number;
  max_violation_share: number;
  min_events: number;
  max_silence_seconds: number;
}

interface State {
  channel: string;
  offset: number;
  /** The largest event time so far, epoch ms. */
  newestMs: number;
  tally: QualityWindow | null;
  /** Whether the last window had too many violations: an alert tells of the first such window alone. */
  isBad: boolean;
}

const WINDOW = 'window';
const SILENCE = 'silence';
const ALERTS = 'alerts';

/** Watches how complete, timely and valid the events of its channel are. */
class QualityService extends Service<State> {
  readonly #params: Params;
  readonly #windowMs: number;
  readonly #silenceMs: number;
  readonly #validators = new Map<string, ReturnType<typeof dataValidator>>();

  constructor(params: Params) {
    super();
    this.#params = params;
    this.#windowMs = params.window_seconds * 1000;
    this.#silenceMs = params.max_silence_seconds * 1000;
    if (params.schema !== undefined && this.#validator('any') === null)
      throw new Error(`there is no schema "${params.schema}" under schemas/channels/`);
  }

  /** All of the channel is one thing. */
  override key(): string {
    return '';
  }

  override receive(event: CloudEvent, context: Context<State>): Derived[] {
    if (event.restored) return [];
    const { timeMs } = context;
    const { type: channel, offset, subject } = event;
    // What left the log before this service began is nothing that it missed.
    const state = context.state ?? {
      channel,
      offset: offset - 1,
      newestMs: timeMs,
      tally: null,
      isBad: false,
    };
    state.tally ??= this.#open(context);
    observe(state.tally, {
      subject,
      missing: Math.max(0, offset - state.offset - 1),
      sinceNewestMs: timeMs - state.newestMs,
      delayMs: event.replay === undefined ? timeMsOf(event.sent) - timeMs : null,
      violation: this.#violation(event, context),
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
    if (name === SILENCE) return ended ? [] : [this.#silence(state, timeMs)];
    const { tally } = state;
    if (!tally) return [];
    // A replay that is over ends its last window with its last event.
    if (ended) tally.toMs = Math.max(tally.fromMs, Math.min(tally.toMs, state.newestMs));
    state.tally = null;
    const quality = qualityOf(tally, state.channel);
    const { max_violation_share: limit, min_events } = this.#params;
    const wasBad = state.isBad;
    if (quality.events >= min_events) state.isBad = quality.violation_share > limit;
    context.state = state;
    const window: Derived = { subject: state.channel, timeMs: tally.toMs, data: { ...quality } };
    return state.isBad && !wasBad ? [window, this.#violations(state, tally)] : [window];
  }

  /** A window begins where the clock says, or with the epoch's first event; those without an event are left out. */
  #open(context: Context<State>): QualityWindow {
    const startMs = Math.floor(context.watermarkMs / this.#windowMs) * this.#windowMs;
    context.setTimer(WINDOW, startMs + this.#windowMs);
    return newQualityWindow(context.state ? startMs : context.watermarkMs, startMs + this.#windowMs);
  }

  #validator(channel: string): ReturnType<typeof dataValidator> {
    let validator = this.#validators.get(channel);
    if (validator === undefined) {
      const { schema } = this.#params;
      validator = dataValidator(channelSpec(channel, schema === undefined ? {} : { [channel]: { schema } }));
      this.#validators.set(channel, validator);
    }
    return validator;
  }

  /** Which member violates which keyword of the schema; the event goes to the dead letters. */
  #violation({ type, data }: CloudEvent, context: Context<State>): string | null {
    const validator = this.#validator(type);
    if (!validator || validator(data)) return null;
    context.reject(`Not what channel "${type}" carries: ${explain(validator.errors, data)}.`);
    const [error] = validator.errors ?? [];
    const missing = (error?.params as { missingProperty?: string } | undefined)?.missingProperty;
    return `${missing ?? error?.instancePath.slice(1).replaceAll('/', '.')} ${error?.keyword}`.trim();
  }

  #violations({ channel }: State, tally: QualityWindow): Derived {
    const { events, violations, violated, fromMs, toMs } = tally;
    const share = violations / events;
    return alert(channel, toMs, {
      severity: share >= 0.5 ? 'critical' : 'warning',
      message: `${violations} of ${events} events on ${channel} violate its schema.`,
      measure: 'violation_share',
      value: share,
      limit: this.#params.max_violation_share,
      violated,
      window: { from: isoTime(fromMs), to: isoTime(toMs), events },
    });
  }

  #silence({ channel, newestMs }: State, timeMs: number): Derived {
    const { max_silence_seconds: limit } = this.#params;
    return alert(channel, timeMs, {
      severity: 'warning',
      message: `No event on ${channel} for ${limit} seconds.`,
      measure: 'silence_seconds',
      value: limit,
      limit,
      last_event: isoTime(newestMs),
    });
  }
}

function alert(channel: string, timeMs: number, evidence: Data): Derived {
  return { to: ALERTS, subject: channel, timeMs, data: { kind: 'quality', ...evidence, channel } };
}

export default {
  name: 'quality',
  summary:
    "Measures how complete, timely and valid a channel's events are, and raises an alert when they are not.",
  input: 'gps',
  output: 'quality',
  outputs: { [ALERTS]: ALERTS },
  params: {
    type: 'object',
    properties: {
      schema: {
        type: 'string',
        description:
          "The schema under schemas/channels/ that data must obey; that of the channel's name, if any.",
      },
      window_seconds: {
        type: 'number',
        minimum: 1,
        maximum: 86_400,
        default: 60,
        description: 'Event time that is measured as one.',
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
        description: 'With fewer events a window says nothing about that share.',
      },
      max_silence_seconds: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 60,
        description: 'An alert is raised when there is no event for so much event time.',
      },
    },
    additionalProperties: false,
  },
  create: (params) => new QualityService(params as unknown as Params),
} satisfies ServiceKind;
