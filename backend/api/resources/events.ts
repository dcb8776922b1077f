import { parseMarked } from '../../../core/wire/mark.ts';
import { routeChannels } from '../../../core/wire/pipeline.ts';
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
      description: 'Position of the channel after the last accepted event.',
      required: ['epoch', 'offset'],
      properties: { epoch: { type: 'integer' }, offset: { type: 'integer' } },
    },
  },
};

export default {
  name: 'events',
  description: 'Live events: follow a channel, or write to one.',
  routes: [
    route<FollowQuery>({
      method: 'get',
      path: '/channels/{channel}/events',
      summary: 'Follow a channel (Server-Sent Events)',
      channels: { read: '{channel}' },
      description:
        'The id of each message is `<epoch>-<offset>-<mark>`; the mark is a checksum of the event. With the id as `Last-Event-ID` a reader resumes where it stopped, as far back as the log goes, and is told if Redis has lost that event; `<epoch>-<offset>` works, too, without that check. Without `Last-Event-ID` the stream starts with the next event. `event: gap` reports events that are no longer available, `event: conflated` those that were replaced by later ones.',
      scope: 'read',
      params: { channel: { type: 'string' } },
      query: {
        subject: { type: 'string', description: 'Only this subject.' },
        bbox,
        mode: {
          enum: ['stream', 'latest'],
          default: 'stream',
          description: 'stream: every event. latest: of the events that wait, the latest of each subject.',
        },
        maxHz: {
          type: 'number',
          exclusiveMinimum: 0,
          maximum: 60,
          description: 'Maximum number of deliveries per second.',
        },
      },
      responses: {
        200: { description: 'The stream.', type: 'text/event-stream', schema: { type: 'string' } },
        400: { description: 'Last-Event-ID is not a valid position.' },
        404: { description: 'There is no such channel.' },
        409: { description: 'The channel keeps no log.' },
      },
      async handle(call, { channels, streams }) {
        const spec = await channels.logged(call.params['channel']!);
        const asked = call.request.get('Last-Event-ID');
        const since = asked ? parseMarked(asked) : undefined;
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
      summary: 'Write events to a channel',
      channels: { write: '{channel}' },
      effect: 'data',
      description:
        'One object, an array of at most 10,000, or NDJSON. Each row is either bare data or a CloudEvent, whose `subject`, `time`, trace and extensions are used. CloudEvents are also taken in the structured, batched and binary mode of HTTP; the headers `traceparent` and `tracestate` apply to all rows that name no trace. Data are published as they are written, digit for digit. Rows that do not match the schema of the channel are returned with the reason, and are kept in the dead letters.',
      scope: 'control',
      params: { channel: { type: 'string' } },
      query: {
        subject: {
          type: 'string',
          maxLength: 256,
          default: 'unknown',
          description: 'The subject of rows that name none.',
        },
      },
      body: {
        schema: { type: ['object', 'array'], maxItems: ROWS_MAX },
        limitBytes: BODY_MAX_BYTES,
        ndjson: true,
        events: true,
      },
      responses: {
        200: { description: 'All rows were accepted.', schema: ingested },
        207: { description: 'Some rows were refused.', schema: ingested },
        404: { description: 'There is no such channel.' },
        422: {
          description: 'All rows were refused; the problem also has `accepted`, `refused` and `position`.',
        },
      },
      async handle({ params, query, incoming, once, caller }, { channels, ingest }) {
        for (const { value } of caller.rights.writeLimits.length > 0 ? incoming().rows : [])
          caller.rights.requireWrite(...routeChannels((value as { route?: unknown } | null)?.route));
        const spec = await channels.get(params['channel']!);
        const result = await ingest.accept(spec, incoming(), { subject: query.subject, once });
        return ingestReply(`onto "${spec.name}"`, result);
      },
    }),
  ],
} satisfies Resource;
