import { isoTime, type Data, type CloudEvent } from '../../../core/wire/event.ts';
import { detectors, type DetectorName, type DetectorSettings } from '../drift/detectors.ts';
import type { Detector, Evidence, SampleSummary } from '../drift/detector.ts';
import { Service, type Context, type Derived, type ServiceKind } from '../engine/service.ts';

interface Params extends DetectorSettings {
  field: string;
  equals?: string | number | boolean;
  detector: DetectorName;
  per_subject: boolean;
  min_events: number;
  cool_down_events: number;
}

interface State {
  /** Values so far, and how many there have to be before an alarm is raised. */
  events: number;
  quietUntil: number;
  detector: unknown;
}

/** The squares of larger numbers are none. */
const LARGEST = 1e150;

/** Raises an alert when the values of a field are not distributed any more as they were. */
class Drift extends Service<State> {
  readonly #params: Params;
  readonly #path: string[];

  constructor(params: Params) {
    super();
    this.#params = params;
    this.#path = params.field.split('.');
  }

  override key(event: CloudEvent): string {
    return this.#params.per_subject ? event.subject : '';
  }

  override receive(event: CloudEvent, context: Context<State>): Derived[] {
    const value = this.#value(event.data);
    if (event.restored || value === null) return [];
    const { detector: name, min_events, cool_down_events, per_subject } = this.#params;
    const state = context.state ?? { events: 0, quietUntil: min_events, detector: undefined };
    const detector = detectors[name].open(this.#params, state.detector) as Detector<string | number>;
    const evidence = detector.update(value, context.timeMs);
    state.detector = detector.state;
    state.events++;
    context.state = state;
    if (!evidence || state.events < state.quietUntil) return [];
    state.quietUntil = state.events + cool_down_events;
    const subject = per_subject ? event.subject : event.type;
    return [{ subject, data: this.#alert(event.type, subject, evidence, context.timeMs) }];
  }

  /** What the detector is to see of a datum; null where it has no such value. */
  #value(data: Data): string | number | null {
    const { equals, detector } = this.#params;
    let found: unknown = data;
    for (const member of this.#path) {
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, member)) return null;
      found = (found as Data)[member];
    }
    if (equals !== undefined) found = Number(found === equals);
    const { takes } = detectors[detector];
    if (typeof found === 'boolean') found = takes === 'numbers' ? Number(found) : String(found);
    if (typeof found === 'number' && takes !== 'categories') return Math.abs(found) < LARGEST ? found : null;
    if (takes === 'numbers' || (typeof found !== 'string' && typeof found !== 'number')) return null;
    // State is bounded: a category is a word, not a text.
    return String(found).slice(0, 64);
  }

  #alert(channel: string, subject: string, evidence: Evidence, timeMs: number): Data {
    const { field, detector, per_subject, equals } = this.#params;
    const { statistic, threshold, pValue, severity, reference, current, fromMs } = evidence;
    const what = equals === undefined ? field : `${field} = ${equals}`;
    const where = per_subject ? `${channel} of ${subject}` : channel;
    return {
      kind: 'drift',
      severity,
      message: `${what} on ${where} has changed: ${difference(reference, current)}.`,
      channel,
      field,
      ...(equals !== undefined && { equals }),
      detector,
      statistic,
      threshold,
      ...(pValue !== undefined && { p_value: pValue }),
      reference,
      current,
      window: { from: isoTime(fromMs), to: isoTime(timeMs), events: current.events },
    };
  }
}

/** In words, what differs the most. */
function difference(reference: SampleSummary, current: SampleSummary): string {
  if (current.mean !== undefined)
    return `its mean went from ${reference.mean?.toPrecision(3) ?? 'nothing'} to ${current.mean.toPrecision(3)}`;
  const [before, now] = [reference.shares ?? {}, current.shares ?? {}];
  const change = (name: string) => Math.abs((now[name] ?? 0) - (before[name] ?? 0));
  const most = Object.keys({ ...before, ...now }).reduce((a, b) => (change(b) > change(a) ? b : a));
  const percent = (share = 0) => `${Math.round(100 * share)} %`;
  return `the share of ${most} went from ${percent(before[most])} to ${percent(now[most])}`;
}

/** Windows are state, which is written after each batch. */
const MAX_EVENTS = 2_000;

const events = (value: number, description: string) => ({
  type: 'integer',
  minimum: 1,
  maximum: MAX_EVENTS,
  default: value,
  description,
});

export default {
  name: 'drift',
  summary: 'Raises an alert when the values of a field are not distributed any more as they were.',
  input: 'posts.sentiment',
  output: 'alerts',
  params: {
    type: 'object',
    properties: {
      field: {
        type: 'string',
        minLength: 1,
        default: 'compound',
        description:
          'The member of the datum to watch; a dot leads into an object. Data without it do not count.',
      },
      equals: {
        type: ['string', 'number', 'boolean'],
        description: 'Watch how often the field has this value, as a number: 1 where it has, else 0.',
      },
      detector: {
        enum: Object.keys(detectors),
        default: 'page-hinkley',
        description:
          "adwin and page-hinkley: a number's mean; ks: its distribution; chi-squared: categories; psi: either.",
      },
      per_subject: { type: 'boolean', default: false, description: 'Watch each subject by itself.' },
      min_events: events(100, 'No alert before so many values.'),
      cool_down_events: events(100, 'No alert on so many values after one.'),
      check_every: events(8, 'Look for a change after every so many values. Page-Hinkley looks at each.'),
      delta: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: 0.5,
        default: 0.002,
        description: 'adwin: bounds the chance of a false alarm at a look.',
      },
      allowed_sds: {
        type: 'number',
        minimum: 0,
        default: 0.25,
        description:
          'page-hinkley: so far off the mean values do not add up, standard deviations; half the least change of interest.',
      },
      threshold_sds: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 25,
        description: 'page-hinkley: what they may add up to, standard deviations.',
      },
      warm_up_events: events(100, 'page-hinkley: values that find the mean first.'),
      reference_events: events(
        200,
        'ks, psi, chi-squared: values that later ones are compared with, the first.',
      ),
      window_events: events(100, 'ks, psi, chi-squared: values that are compared with them, the latest.'),
      alpha: {
        type: 'number',
        exclusiveMinimum: 0,
        maximum: 0.5,
        default: 0.00001,
        description: 'ks, psi, chi-squared: the chance of a false alarm at a look.',
      },
      min_psi: {
        type: 'number',
        minimum: 0,
        default: 0.1,
        description:
          'psi: no smaller index is worth an alert. By convention 0.1 is a change and 0.25 a major one.',
      },
      bins: {
        type: 'integer',
        minimum: 2,
        maximum: 100,
        default: 10,
        description: 'psi: into so many bins numbers are sorted.',
      },
    },
    additionalProperties: false,
  },
  create: (params) => new Drift(params as unknown as Params),
} satisfies ServiceKind;
