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
  description: 'The routes of single events through the services.',
  routes: [
    route<Query>({
      method: 'get',
      path: '/traces',
      summary: 'List traces, latest first',
      channels: 'all',
      description:
        'Only sampled events are traced: `trace` of pipelines and replays sets the share, and callers decide with `traceparent`. The last 100,000 hops are kept.',
      scope: 'read',
      query: {
        channel: { ...name, description: 'Only with an event on this channel.' },
        service: { ...name, description: 'Only through this service.' },
        pipeline: { ...name, description: 'Only through this pipeline.' },
        status: { enum: ['waiting', 'finished', 'failed'] },
        limit: { type: 'integer', minimum: 1, maximum: 500, default: 50 },
        cursor: {
          type: 'string',
          pattern: '^\\d{1,15}-\\d{1,15}$',
          description: 'The `cursor` of the previous page: continue from there.',
        },
      },
      responses: {
        200: {
          description: 'A page; `cursor` is null on the last page. Pages before it can be short, or empty.',
          schema: listOf(ref('resources/trace'), { cursor: { type: ['string', 'null'] } }),
        },
      },
      handle: ({ query: { limit, cursor, ...filter } }, { traces }) => traces.list(filter, limit, cursor),
    }),
    route({
      method: 'get',
      path: '/traces/{id}',
      summary: 'Get one trace with all hops',
      channels: 'all',
      scope: 'read',
      params: { id: { type: 'string', pattern: '^[0-9a-f]{32}$' } },
      responses: {
        200: { description: 'The trace with every hop.', schema: ref('resources/trace') },
        404: { description: 'There is no such trace.' },
      },
      handle: ({ params }, { traces }) => traces.get(params['id']!),
    }),
  ],
} satisfies Resource;
