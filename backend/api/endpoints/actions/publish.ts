import { isChannelName } from '../../../../core/wire/channels.ts';
import { channel, filled, subject, unknownParameters, type OwnAction } from '../action.ts';
import { ingestReply, ROWS_MAX } from '../../stores/ingest-reply.ts';

interface Members {
  channel: string;
  subject?: string;
}

export default {
  name: 'publish',
  summary: 'Writes the body onto a channel: one datum or event, or an array of them.',
  members: {
    type: 'object',
    properties: {
      channel,
      subject: { ...subject, description: `Of rows that name none. ${subject.description}` },
    },
    required: ['channel'],
    additionalProperties: false,
  },
  scope: 'control',
  body: { type: ['object', 'array'], maxItems: ROWS_MAX },
  flaws: (endpoint) => [
    ...(isChannelName(endpoint.channel)
      ? []
      : [{ pointer: '/channel', message: "can't be a channel's name" }]),
    ...unknownParameters(endpoint, 'subject'),
  ],
  /** The configuration has named the channel: that it carried nothing yet is no reason to refuse. */
  async handle({ channel: name, subject: about = 'unknown' }, call, { channels, ingest }) {
    const rows = Array.isArray(call.body) ? (call.body as unknown[]) : [call.body];
    return ingestReply(`onto "${name}"`, await ingest.take(channels.spec(name), rows, filled(about, call)));
  },
} satisfies OwnAction<Members>;
