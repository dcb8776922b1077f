import { isChannelName } from '../../../../core/wire/channels.ts';
import { channel, filled, subject, unknownParameters, type OwnAction } from '../action.ts';
import { ingestReply, ROWS_MAX } from '../../stores/ingest-reply.ts';

interface Members {
  channel: string;
  subject?: string;
}

export default {
  name: 'publish',
  summary: 'Writes the body to a channel: plain data or an event, or an array of them.',
  members: {
    type: 'object',
    properties: {
      channel,
      subject: { ...subject, description: `The subject of rows that name none. ${subject.description}` },
    },
    required: ['channel'],
    additionalProperties: false,
  },
  scope: 'control',
  body: { type: ['object', 'array'], maxItems: ROWS_MAX },
  flaws: (endpoint) => [
    ...(isChannelName(endpoint.channel)
      ? []
      : [{ pointer: '/channel', message: 'is not a valid channel name' }]),
    ...unknownParameters(endpoint, 'subject'),
  ],
  /** The channel need not exist yet: the configuration names it. */
  async handle({ channel: name, subject: about = 'unknown' }, call, { channels, ingest }) {
    const options = { subject: filled(about, call), once: call.once };
    const result = await ingest.accept(channels.spec(name), call.incoming(), options);
    return ingestReply(`onto "${name}"`, result);
  },
} satisfies OwnAction<Members>;
