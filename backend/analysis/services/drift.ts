import { isoTime, type CloudEvent, type Data } from '../../../core/wire/event.ts';
import type { Detector, Evidence, SampleSummary } from '../drift/detector.ts';
import { detectorParams, detectors, EVENTS, type DetectorName } from '../drift/detectors.ts';
import type { ParamsOf, ParamsSchema } from '../engine/params.ts';
import { Service, type Context, type Derived, type ServiceKind } from '../engine/service.ts';

const params = {
  type: 'object',
  properties: {
    field: {
      type: 'string',
      minLength: 1,
      default: 'compound',
      description:
        'The member of the data to watch; a dot leads into an object. Data without it do not count.',
    },
    equals: {
      type: ['string', 'number', 'boolean'],
      description: 'Watch how often the field has this value: 1 where it has, else 0.',
    },
    detector: {
      enum: Object.keys(detectors) as DetectorName[],
      default: 'page-hinkley',
      description:
        'adwin and page-hinkley watch the mean of a number; ks its distribution; chi-squared categories; psi categories or numbers.',
    },
    per_subject: { type: 'boolean', default: false, description: 'Watch each subject on its own.' },
    min_events: { ...EVENTS, description: 'No alert is raised before this many values.' },
    cool_down_events: { ...EVENTS, description: 'No alert is raised on this many values after an alert.' },
    ...detectorParams,
  },
  additionalProperties: false,
} as const satisfies ParamsSchema;
type Params = ParamsOf<typeof params>;

interface State {
  /** Number of values so far. */
  events: number;
  /** No alert is raised before this many values. */
  quietUntil: number;
  detector: unknown;
}

/** The square of a larger number is not finite. */
const LARGEST = 1e150;
/** A category is a word, not a text: longer values are cut, because state must stay small. */
const CATEGORY_MAX = 64;

/** Raises an alert when the distribution of a field's values changes. */
class Drift extends Service<State> {
  readonly #params: Params;
  readonly #path: string[];

  constructor(given: Params) {
    super();
    this.#params = given;
    this.#path = given.field.split('.');
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

  /** The value that the detector sees; null if the datum has none. */
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
    return String(found).slice(0, CATEGORY_MAX);
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

/** Describes the largest difference. */
function difference(reference: SampleSummary, current: SampleSummary): string {
  if (current.mean !== undefined)
    return `its mean went from ${reference.mean?.toPrecision(3) ?? 'nothing'} to ${current.mean.toPrecision(3)}`;
  const [before, now] = [reference.shares ?? {}, current.shares ?? {}];
  const change = (name: string) => Math.abs((now[name] ?? 0) - (before[name] ?? 0));
  const most = Object.keys({ ...before, ...now }).reduce((a, b) => (change(b) > change(a) ? b : a));
  const percent = (share = 0) => `${Math.round(100 * share)} %`;
  return `the share of ${most} went from ${percent(before[most])} to ${percent(now[most])}`;
}

export default {
  name: 'drift',
  summary: 'Raises an alert when the distribution of the values of a field changes.',
  input: 'posts.sentiment',
  output: 'alerts',
  params,
  create: (given: Params) => new Drift(given),
} satisfies ServiceKind;
