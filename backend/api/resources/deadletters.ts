import { readDeadLetters } from '../../../core/redis/channel-store.ts';
import { redrive, redriveAll } from '../stores/redrive.ts';
import { listOf, ref } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

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
    route<Record<string, never>, { channel?: string; source?: string }>({
      method: 'post',
      path: '/deadletters/redrive',
      summary: 'Put events back onto their channels',
      description:
        'All that match, oldest first, with the way they still had to go; what holds no whole event stays. Onto a channel that a service reads the events come once more, also for other services that had taken them.',
      scope: 'control',
      body: {
        schema: {
          type: 'object',
          properties: {
            channel: { type: 'string' },
            source: { type: 'string', description: 'Who refused them: `/services/<name>`.' },
          },
          additionalProperties: false,
        },
      },
      responses: {
        200: {
          description: 'How many went back.',
          schema: {
            type: 'object',
            required: ['redriven', 'left'],
            properties: { redriven: { type: 'integer' }, left: { type: 'integer' } },
          },
        },
      },
      handle: ({ body }, { redis }) => redriveAll(redis, body),
    }),
    route({
      method: 'post',
      path: '/deadletters/{id}/redrive',
      summary: 'Put one event back onto its channel',
      scope: 'control',
      params: { id: { type: 'string', pattern: '^\\d{1,15}-\\d{1,15}$' } },
      responses: {
        200: {
          description: 'Where it is now.',
          schema: {
            type: 'object',
            required: ['channel', 'position'],
            properties: { channel: { type: 'string' }, position: { type: 'string' } },
          },
        },
        404: { description: 'There is no such dead letter.' },
        422: { description: 'It holds no whole event.' },
      },
      handle: ({ params }, { redis }) => redrive(redis, params['id']!),
    }),
  ],
} satisfies Resource;
