import type { System } from '../../../schemas/types.ts';
import { ref } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

/** Borders of fences can take several megabytes. */
const BODY_MAX_BYTES = 20_000_000;

export default {
  name: 'system',
  description: 'The whole set-up as one document, to save and restore.',
  routes: [
    route({
      method: 'get',
      path: '/system',
      summary: 'Get the current set-up',
      channels: 'all',
      description:
        'Channels, endpoints, services with their parameters and fences, analytics, pipelines, and replays with their positions: as configured, with later changes.',
      scope: 'read',
      responses: { 200: { description: 'The set-up.', schema: ref('resources/system') } },
      handle: (_call, { system }) => system.document(),
    }),
    route<{ 'dry-run': boolean }, System>({
      method: 'put',
      path: '/system',
      summary: 'Restore a set-up',
      channels: 'all',
      description:
        'Replaces the set-up by the document in one step, and resumes its replays at their positions, playing or paused. Entries that it does not name are removed; sections that are missing stay as they are.',
      scope: 'admin',
      query: {
        'dry-run': {
          type: 'boolean',
          default: false,
          description: 'Only report what would change.',
        },
      },
      body: { schema: ref('resources/system'), limitBytes: BODY_MAX_BYTES },
      responses: {
        200: {
          description: 'What has changed; with `dry-run`, what would change.',
          schema: ref('resources/system-changes'),
        },
        409: { description: 'Two services in it have the same name.' },
        422: { description: "It can't run as described; nothing was changed." },
      },
      async handle({ query, body }, { system }) {
        if (query['dry-run']) return { changes: await system.changes(body), failed: [] };
        return system.restore(body);
      },
    }),
  ],
} satisfies Resource;
