import { parsePosition } from '../../../core/wire/event.ts';
import { bbox, parseBox } from '../http/bbox.ts';
import { followChannel } from '../stores/channel-follower.ts';
import { type Schema } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';
import { EventStream } from '../http/sse.ts';
import { ingestReply, ROWS_MAX } from '../stores/ingest-reply.ts';

interface FollowQuery {
  subject?: string;
  bbox?: string;
  mode: 'stream' | 'latest';
  maxHz?: number;
}

const BODY_MAX_BYTES = 5_000_000;

const ingested: Schema = {
  type: 'object',
  required: ['accepted', 'refused', 'position'],
  properties: {
    accepted: { type: 'integer', minimum: 0 },
    refused: {
      type: 'array',
      items: {
        type: 'object',
        required: ['index', 'reason'],
        properties: { index: { type: 'integer' }, reason: { type: 'string' } },
      },
    },
    position: {
      type: 'object',
      description: 'Where the channel stands after the last accepted event.',
      required: ['epoch', 'offset'],
      properties: { epoch: { type: 'integer' }, offset: { type: 'integer' } },
    },
  },
};

export default {
  name: 'events',
  description: 'Events as they happen, out and in.',
  routes: [
    route<FollowQuery>({
      method: 'get',
      path: '/channels/{channel}/events',
      summary: 'Follow a channel (Server-Sent Events)',
      description:
        'Each message has the id `<epoch>-<offset>`; with it as `Last-Event-ID` a reader goes on where it stopped, as far as the log goes back. `event: gap` tells of events that can no longer be had, `event: conflated` of those left out for later ones. Without it the stream starts with the next event.',
      scope: 'read',
      params: { channel: { type: 'string' } },
      query: {
        subject: { type: 'string', description: 'Only this subject.' },
        bbox,
        mode: {
          enum: ['stream', 'latest'],
          default: 'stream',
          description: 'Every event, or of those that wait the latest of each subject.',
        },
        maxHz: {
          type: 'number',
          exclusiveMinimum: 0,
          maximum: 60,
          description: 'Sent at most so often a second.',
        },
      },
      responses: {
        200: { description: 'The stream.', type: 'text/event-stream', schema: { type: 'string' } },
        400: { description: 'Last-Event-ID is no position.' },
        404: { description: 'There is no such channel.' },
        409: { description: 'The channel keeps no log.' },
      },
      async handle(call, { channels, streams }) {
        const spec = await channels.logged(call.params['channel']!);
        const asked = call.request.get('Last-Event-ID');
        const since = asked ? parsePosition(asked) : undefined;
        const { subject, mode, maxHz } = call.query;
        const box = call.query.bbox === undefined ? undefined : parseBox(call.query.bbox);
        const options = { mode, maxHz, box, subjects: subject === undefined ? undefined : [subject] };
        const stream = new EventStream(call);
        if (!stream.open) return stream.end();
        await followChannel({ streams, spec, options, since, signal: call.signal, stream });
      },
    }),
    route<{ subject: string }, unknown>({
      method: 'post',
      path: '/channels/{channel}/events',
      summary: 'Write events onto a channel',
      description:
        'One object or an array of at most 10,000: bare data, or CloudEvents, whose `subject` and `time` count. Rows that are not as the schema of the channel wants them come back with the reason, and are kept in the dead letters. NDJSON is taken too.',
      scope: 'control',
      params: { channel: { type: 'string' } },
      query: {
        subject: {
          type: 'string',
          maxLength: 256,
          default: 'unknown',
          description: 'Of rows that name none.',
        },
      },
      body: {
        schema: { type: ['object', 'array'], maxItems: ROWS_MAX },
        limitBytes: BODY_MAX_BYTES,
        ndjson: true,
      },
      responses: {
        200: { description: 'All were taken.', schema: ingested },
        207: { description: 'Some were refused.', schema: ingested },
        404: { description: 'There is no such channel.' },
        422: {
          description: 'All were refused: the problem says `accepted`, `refused` and `position` as well.',
        },
      },
      async handle({ params, query, body }, { channels, ingest }) {
        const spec = await channels.get(params['channel']!);
        const result = await ingest.take(
          spec,
          Array.isArray(body) ? (body as unknown[]) : [body],
          query.subject,
        );
        return ingestReply(`onto "${spec.name}"`, result);
      },
    }),
  ],
} satisfies Resource;
