import type { Data, CloudEvent } from '../../../core/wire/event.ts';
import { parseTraceparent } from '../../../core/wire/trace.ts';
import { Service, type Context, type Derived, type ServiceKind } from '../engine/service.ts';

/** What has come of one event: by the service that it came from. */
type State = { [source: string]: Data };

/** Makes one event again of those that the branches of a pipeline made of one. */
class Join extends Service<State> {
  readonly #parts: number;

  constructor(parts: number) {
    super();
    this.#parts = parts;
  }

  /** All that was made of one event is of one trace. */
  override key({ traceparent, subject }: CloudEvent): string {
    return `${parseTraceparent(traceparent)?.trace ?? ''} ${subject}`;
  }

  override receive(event: CloudEvent, context: Context<State>): Derived[] {
    const parts = { ...context.state, [event.source]: event.data };
    const isWhole = Object.keys(parts).length >= this.#parts;
    context.state = isWhole ? null : parts;
    if (!isWhole) return [];
    // Not as they came: the same whichever branch was faster.
    const data = Object.keys(parts)
      .sort()
      .map((source) => parts[source]!);
    return [{ data: Object.assign({}, ...data) as Data }];
  }
}

export default {
  name: 'join',
  summary: 'Makes one event again of what the branches of a pipeline made of one.',
  input: 'parts',
  output: 'joined',
  params: {
    type: 'object',
    properties: {
      parts: { type: 'integer', minimum: 1, default: 2, description: 'How many branches there are.' },
    },
    additionalProperties: false,
  },
  create: (params) => new Join(params['parts'] as number),
} satisfies ServiceKind;
