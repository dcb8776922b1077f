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
  description: 'Log lines of the processes and services.',
  routes: [
    route<Query>({
      method: 'get',
      path: '/logs',
      summary: 'List log lines, newest first, or follow them',
      channels: 'all',
      description:
        'With `Accept: text/event-stream` lines are sent as Server-Sent Events as they are written: from now on, from `since` on, or after the line in `Last-Event-ID`.',
      scope: 'read',
      query: {
        service: { type: 'string', maxLength: 128, description: 'Only lines about this service or role.' },
        kind: {
          enum: ['service', 'system'],
          description: 'service: written by services. system: written by Reprise.',
        },
        level: { enum: Object.keys(levels), description: 'This level and higher ones.' },
        since: { ...time, description: 'Inclusive.' },
        until: { ...time, description: 'Inclusive.' },
        q: {
          type: 'string',
          maxLength: 256,
          description: 'Text in the message or the fields; upper and lower case are the same.',
        },
        limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 },
        cursor: {
          type: 'string',
          pattern: ID,
          description: 'The `cursor` of the previous page: continue from there.',
        },
      },
      responses: {
        200: {
          description: 'A page; `cursor` is null on the last page. Pages before it can be short, or empty.',
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
