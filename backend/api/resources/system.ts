import type { System } from '../../../schemas/types.ts';
import { ref } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

/** Fences alone can be megabytes of borders. */
const BODY_MAX_BYTES = 20_000_000;

export default {
  name: 'system',
  description: 'The whole set-up as one document: save and restore.',
  routes: [
    route({
      method: 'get',
      path: '/system',
      summary: 'The set-up as it is now',
      description:
        'Channels, endpoints, services with their parameters and fences, analytics, pipelines, and replays with their positions: those of the configuration, and what was changed since.',
      scope: 'read',
      responses: { 200: { description: 'All of it.', schema: ref('resources/system') } },
      handle: (_call, { system }) => system.document(),
    }),
    route<{ 'dry-run': boolean }, System>({
      method: 'put',
      path: '/system',
      summary: 'Restore a set-up',
      description:
        'Makes everything as the document says, in one step, and takes its replays up again where they were, playing or paused. What it does not name is removed; sections that it does not have stay as they are.',
      scope: 'admin',
      query: {
        'dry-run': {
          type: 'boolean',
          default: false,
          description: 'Only say what would change.',
        },
      },
      body: { schema: ref('resources/system'), limitBytes: BODY_MAX_BYTES },
      responses: {
        200: {
          description: 'What was changed, or with `dry-run` would be.',
          schema: ref('resources/system-changes'),
        },
        409: { description: 'Two things in it have one name.' },
        422: { description: 'It can not run so; nothing was changed.' },
      },
      async handle({ query, body }, { system }) {
        if (query['dry-run']) return { changes: await system.changes(body), failed: [] };
        return system.restore(body);
      },
    }),
  ],
} satisfies Resource;
