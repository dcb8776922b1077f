import { levels, type Level } from '../../../core/logging/log.ts';
import type { LogRecord } from '../../../schemas/types.ts';
import { followLogs, readLogs, type LogFilter } from '../stores/logs.ts';
import { listOf, ref, type Schema } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';
import { EventStream } from '../http/sse.ts';

interface Query {
  service?: string;
  kind?: LogRecord['kind'];
  level?: Level;
  since?: string;
  until?: string;
  q?: string;
  limit: number;
  cursor?: string;
}

const time: Schema = { type: 'string', format: 'date-time' };
const ID = '^\\d{1,15}-\\d{1,15}$';

export default {
  name: 'logs',
  description: 'What the processes and services say.',
  routes: [
    route<Query>({
      method: 'get',
      path: '/logs',
      summary: 'The log, newest first, or as it is written',
      description:
        'With `Accept: text/event-stream` lines follow as Server-Sent Events as they are written, from now on, from `since` on, or after the one in `Last-Event-ID`.',
      scope: 'read',
      query: {
        service: { type: 'string', maxLength: 128, description: 'About this service or role.' },
        kind: { enum: ['service', 'system'], description: 'What services say, or what Reprise does.' },
        level: { enum: Object.keys(levels), description: 'This level and those above.' },
        since: { ...time, description: 'Inclusive.' },
        until: { ...time, description: 'Inclusive.' },
        q: {
          type: 'string',
          maxLength: 256,
          description: 'Text in the message or fields, in whatever case.',
        },
        limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 },
        cursor: { type: 'string', pattern: ID, description: 'From the page before: go on from there.' },
      },
      responses: {
        200: {
          description:
            'A page; `cursor` is null on the last. A page can be short, or empty, before the last.',
          schema: listOf(ref('resources/log'), { cursor: { type: ['string', 'null'] } }),
          streams: true,
        },
      },
      async handle(call, { redis }) {
        const { since, until, limit, cursor, ...rest } = call.query;
        const filter: LogFilter = {
          ...rest,
          sinceMs: since === undefined ? undefined : Date.parse(since),
          untilMs: until === undefined ? undefined : Date.parse(until),
        };
        call.response.vary('Accept');
        if (call.request.accepts(['application/json', 'text/event-stream']) !== 'text/event-stream')
          return readLogs(redis, filter, limit, cursor);
        const asked = call.request.get('Last-Event-ID');
        const after = asked !== undefined && new RegExp(ID).test(asked) ? asked : undefined;
        const stream = new EventStream(call);
        if (!stream.open) return stream.end();
        for await (const record of followLogs(redis, filter, after, call.signal))
          await stream.send({ id: record.id, data: JSON.stringify(record) });
      },
    }),
  ],
} satisfies Resource;
