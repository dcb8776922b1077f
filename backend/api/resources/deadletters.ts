import { readDeadLetters } from '../../../core/store.ts';
import { listOf, ref, route, type Resource } from '../route.ts';

export default {
  name: 'deadletters',
  description: 'Rows and events that were refused, and why.',
  routes: [
    route<{ limit: number; cursor?: string }>({
      method: 'get',
      path: '/deadletters',
      summary: 'What was refused, newest first',
      scope: 'read',
      query: {
        limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 },
        cursor: {
          type: 'string',
          pattern: '^\\d{1,15}-\\d{1,15}$',
          description: 'From the page before: go on from there.',
        },
      },
      responses: {
        200: {
          description: 'A page; `cursor` is null on the last.',
          schema: listOf(ref('resources/dead-letter'), { cursor: { type: ['string', 'null'] } }),
        },
      },
      handle: ({ query }, { redis }) => readDeadLetters(redis, query.limit, query.cursor),
    }),
  ],
} satisfies Resource;
