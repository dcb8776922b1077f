import type { Analytics } from '../../../schemas/types.ts';
import { listOf, ref, HttpReply, type Schema } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

/** Names as the schemas of the set-up allow them. */
const name = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' };
const named: Schema = {
  type: 'object',
  required: ['name', 'definition'],
  properties: { name, definition: ref('setup/analytics') },
};

export default {
  name: 'analytics',
  description: 'Aggregates over windows of event time, defined without code.',
  routes: [
    route({
      method: 'get',
      path: '/analytics',
      summary: 'List analytics',
      channels: 'all',
      scope: 'read',
      responses: {
        200: { description: 'Those of the configuration, and those defined since.', schema: listOf(named) },
      },
      async handle(_call, { setups }) {
        const all = Object.entries(await setups.all('analytics'));
        return { items: all.map(([each, definition]) => ({ name: each, definition })) };
      },
    }),
    route({
      method: 'get',
      path: '/analytics/{name}',
      summary: 'Get one definition',
      channels: 'all',
      scope: 'read',
      params: { name },
      responses: {
        200: { description: 'The definition.', schema: ref('setup/analytics') },
        404: { description: 'No analytics have that name.' },
      },
      handle: ({ params }, { setups }) => setups.get('analytics', params['name']!),
    }),
    route<Record<string, never>, Analytics>({
      method: 'put',
      path: '/analytics/{name}',
      summary: 'Define analytics, or change them',
      channels: 'all',
      description:
        'They run at once, and after every restart. Changed analytics start the current epoch again: what they published in it becomes void.',
      scope: 'control',
      params: { name },
      body: { schema: ref('setup/analytics') },
      responses: {
        200: { description: 'They have been changed.', schema: ref('setup/analytics') },
        201: {
          description: 'They are new.',
          schema: ref('setup/analytics'),
          headers: { Location: 'Address of the definition.' },
        },
        409: { description: 'A service has that name already.' },
        422: { description: "They can't run as defined." },
      },
      async handle({ params, body }, { setups }) {
        const isNew = await setups.put('analytics', params['name']!, body);
        return isNew ? new HttpReply(201, body, { Location: `/api/v1/analytics/${params['name']!}` }) : body;
      },
    }),
    route({
      method: 'delete',
      path: '/analytics/{name}',
      summary: 'Remove analytics',
      channels: 'all',
      description: 'What they published stays on its channel.',
      scope: 'control',
      params: { name },
      responses: {
        204: { description: 'They have been removed.' },
        404: { description: 'No analytics have that name.' },
      },
      async handle({ params }, { setups }) {
        await setups.remove('analytics', params['name']!);
        return new HttpReply(204);
      },
    }),
  ],
} satisfies Resource;
