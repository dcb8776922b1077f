import type { DeadLetter } from '../../../schemas/types.ts';
import { readDeadLetters } from '../../../core/redis/dead-letters.ts';
import { redrive, redriveAll } from '../stores/redrive.ts';
import { listOf, ref } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

export default {
  name: 'deadletters',
  description: 'Rows and events that were refused, with the reason.',
  routes: [
    route<{ limit: number; cursor?: string }>({
      method: 'get',
      path: '/deadletters',
      summary: 'List dead letters, newest first',
      channels: { shows: ({ channel }: DeadLetter) => [channel] },
      scope: 'read',
      query: {
        limit: { type: 'integer', minimum: 1, maximum: 1_000, default: 100 },
        cursor: {
          type: 'string',
          pattern: '^\\d{1,15}-\\d{1,15}$',
          description: 'The `cursor` of the previous page: continue from there.',
        },
      },
      responses: {
        200: {
          description: 'A page; `cursor` is null on the last page.',
          schema: listOf(ref('resources/dead-letter'), { cursor: { type: ['string', 'null'] } }),
        },
      },
      handle: ({ query }, { redis }) => readDeadLetters(redis, query.limit, query.cursor),
    }),
    route<Record<string, never>, { channel?: string; source?: string }>({
      method: 'post',
      path: '/deadletters/redrive',
      summary: 'Put events back onto their channels',
      channels: 'own',
      description:
        'Puts back all matching events, oldest first, with the rest of their route. Dead letters without a complete event stay. If several services read a channel, all of them get the event again.',
      scope: 'control',
      body: {
        schema: {
          type: 'object',
          properties: {
            channel: { type: 'string' },
            source: { type: 'string', description: 'The service that refused them: `/services/<name>`.' },
          },
          additionalProperties: false,
        },
      },
      responses: {
        200: {
          description: 'How many were put back (`redriven`), and how many stay (`left`).',
          schema: {
            type: 'object',
            required: ['redriven', 'left'],
            properties: { redriven: { type: 'integer' }, left: { type: 'integer' } },
          },
        },
      },
      handle: ({ body, caller }, { redis }) => redriveAll(redis, body, caller.rights),
    }),
    route({
      method: 'post',
      path: '/deadletters/{id}/redrive',
      summary: 'Put one event back onto its channel',
      channels: 'own',
      scope: 'control',
      params: { id: { type: 'string', pattern: '^\\d{1,15}-\\d{1,15}$' } },
      responses: {
        200: {
          description: 'The channel and position of the event.',
          schema: {
            type: 'object',
            required: ['channel', 'position'],
            properties: { channel: { type: 'string' }, position: { type: 'string' } },
          },
        },
        404: { description: 'There is no such dead letter.' },
        422: { description: 'It does not hold a complete event.' },
      },
      handle: ({ params, caller }, { redis }) => redrive(redis, params['id']!, caller.rights),
    }),
  ],
} satisfies Resource;
