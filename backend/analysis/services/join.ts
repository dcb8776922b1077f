import type { Data, CloudEvent } from '../../../core/wire/event.ts';
import { parseTraceparent } from '../../../core/wire/trace.ts';
import { Service, type Context, type Derived, type ServiceKind } from '../engine/service.ts';
import type { ParamsOf, ParamsSchema } from '../engine/params.ts';

const params = {
  type: 'object',
  properties: {
    parts: { type: 'integer', minimum: 1, default: 2, description: 'Number of branches.' },
  },
  additionalProperties: false,
} as const satisfies ParamsSchema;
type Params = ParamsOf<typeof params>;

/** The data that have arrived for one event, by the `source` of the branch. */
type State = { [source: string]: Data };

/** Merges the events that the branches of a pipeline derived from one event. */
class Join extends Service<State> {
  readonly #branches: number;

  constructor({ parts }: Params) {
    super();
    this.#branches = parts;
  }

  /** Everything that is derived from one event belongs to one trace. */
  override key({ traceparent, subject }: CloudEvent): string {
    return `${parseTraceparent(traceparent)?.trace ?? ''} ${subject}`;
  }

  override receive(event: CloudEvent, context: Context<State>): Derived[] {
    const arrived = { ...context.state, [event.source]: event.data };
    const isComplete = Object.keys(arrived).length >= this.#branches;
    context.state = isComplete ? null : arrived;
    if (!isComplete) return [];
    // In the order of their names, so that the result does not depend on which branch was faster.
    const data = Object.keys(arrived)
      .sort()
      .map((source) => arrived[source]!);
    return [{ data: Object.assign({}, ...data) as Data }];
  }
}

export default {
  name: 'join',
  summary: 'Merges the results of the branches of a pipeline into one event.',
  input: 'parts',
  output: 'joined',
  params,
  create: (given: Params) => new Join(given),
} satisfies ServiceKind;
