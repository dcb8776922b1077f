import type { Trace } from '../../../schemas/types.ts';
import { listOf, ref } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

interface Query {
  channel?: string;
  service?: string;
  pipeline?: string;
  status?: Trace['status'];
  limit: number;
  cursor?: string;
}

const name = { type: 'string', maxLength: 128 };

export default {
  name: 'traces',
  description: 'The ways of single messages through the services.',
  routes: [
    route<Query>({
      method: 'get',
      path: '/traces',
      summary: 'Traces, latest first',
      description:
        'Of sampled events: pipelines and replays say which share (`trace`), and callers by `traceparent`. The last 100,000 hops are on record.',
      scope: 'read',
      query: {
        channel: { ...name, description: 'With an event on this channel.' },
        service: { ...name, description: 'Through this service.' },
        pipeline: { ...name, description: 'Through this pipeline.' },
        status: { enum: ['waiting', 'finished', 'failed'] },
        limit: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
        cursor: {
          type: 'string',
          pattern: '^\\d{1,15}-\\d{1,15}$',
          description: 'From the page before: go on from there.',
        },
      },
      responses: {
        200: {
          description:
            'A page; `cursor` is null on the last. A page can be short, or empty, before the last.',
          schema: listOf(ref('resources/trace'), { cursor: { type: ['string', 'null'] } }),
        },
      },
      handle: ({ query: { limit, cursor, ...filter } }, { traces }) => traces.list(filter, limit, cursor),
    }),
    route({
      method: 'get',
      path: '/traces/{id}',
      summary: 'The whole way of one message',
      scope: 'read',
      params: { id: { type: 'string', pattern: '^[0-9a-f]{32}$' } },
      responses: {
        200: { description: 'With every hop.', schema: ref('resources/trace') },
        404: { description: 'No such trace is on record.' },
      },
      handle: ({ params }, { traces }) => traces.get(params['id']!),
    }),
  ],
} satisfies Resource;
