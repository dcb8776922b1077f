import { filled, subject, unknownParameters, type OwnAction } from '../action.ts';
import { ingestReply, ROWS_MAX } from '../../stores/ingest-reply.ts';

interface Members {
  pipeline: string;
  subject?: string;
  wait?: number;
}

const WAIT_MAX_SECONDS = 60;

export default {
  name: 'pipeline',
  summary: 'Sends the body into a pipeline: plain data or an event, or an array of them.',
  members: {
    type: 'object',
    properties: {
      pipeline: { type: 'string', minLength: 1, description: 'Name of the pipeline.' },
      subject: { ...subject, description: `The subject of rows that name none. ${subject.description}` },
      wait: {
        type: 'number',
        minimum: 0,
        maximum: WAIT_MAX_SECONDS,
        description: 'How many seconds to wait for `results`.',
      },
    },
    required: ['pipeline'],
    additionalProperties: false,
  },
  scope: 'control',
  body: { type: ['object', 'array'], maxItems: ROWS_MAX },
  flaws: (endpoint) => unknownParameters(endpoint, 'subject'),
  async handle({ pipeline, subject: about = 'unknown', wait = 0 }, call, { pipelines }) {
    const sent = await pipelines.send(pipeline, call.incoming(), {
      subject: filled(about, call),
      waitMs: wait * 1000,
      signal: call.signal,
      once: call.once,
    });
    return ingestReply(`into "${pipeline}"`, sent, sent.results?.includes(null) ? 202 : 200);
  },
} satisfies OwnAction<Members>;
