import { services } from '../../../core/redis/presence.ts';
import type { ServiceConfig, ServicePatch } from '../../../schemas/types.ts';
import { listOf, ref, HttpReply } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

/** What the schemas of the set-up let names be. */
const name = { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$' };

export default {
  name: 'services',
  description: 'The processes and analysis services that say they are alive, and how they are set up.',
  routes: [
    route({
      method: 'get',
      path: '/services',
      summary: 'All services',
      description: 'One that has been silent for some seconds is `missing`, and forgotten after a minute.',
      scope: 'read',
      responses: { 200: { description: 'By name.', schema: listOf(ref('resources/service')) } },
      async handle(_call, { redis }) {
        return { items: await services(redis) };
      },
    }),
    route({
      method: 'get',
      path: '/services/{name}',
      summary: 'How a service is set up',
      scope: 'read',
      params: { name },
      responses: {
        200: { description: 'Its definition.', schema: ref('setup/service') },
        404: { description: 'No service of that name is set up.' },
      },
      handle: ({ params }, { setups }) => setups.get('services', params['name']!),
    }),
    route<Record<string, never>, ServiceConfig>({
      method: 'put',
      path: '/services/{name}',
      summary: 'Set a service up, or set it up otherwise',
      description: 'It runs at once, and after every restart; the others do not notice.',
      scope: 'control',
      params: { name },
      body: { schema: ref('setup/service') },
      responses: {
        200: { description: 'It was set up otherwise before.', schema: ref('setup/service') },
        201: {
          description: 'It is new.',
          schema: ref('setup/service'),
          headers: { Location: 'Its definition.' },
        },
        409: { description: 'Analytics have that name.' },
        422: { description: 'It can not run so.' },
      },
      async handle({ params, body }, { setups }) {
        const isNew = await setups.put('services', params['name']!, body);
        return isNew ? new HttpReply(201, body, { Location: `/api/v1/services/${params['name']!}` }) : body;
      },
    }),
    route<Record<string, never>, ServicePatch>({
      method: 'patch',
      path: '/services/{name}',
      summary: 'Start, stop or tune a service',
      description:
        'A stopped one goes on from where it is. Changed parameters hold from now on, or, where what the service keeps depends on them, for the whole epoch under way, which it begins anew.',
      scope: 'control',
      params: { name },
      body: { schema: ref('setup/service-patch') },
      responses: {
        200: {
          description: 'How it is set up now.',
          schema: { anyOf: [ref('setup/service'), ref('setup/analytics')] },
        },
        404: { description: 'No service of that name is set up.' },
        422: { description: 'It can not run so.' },
      },
      handle: ({ params, body }, { setups }) => setups.patch(params['name']!, body),
    }),
    route({
      method: 'delete',
      path: '/services/{name}',
      summary: 'Remove a service',
      description: 'What it derived stays on its channel; the others do not notice.',
      scope: 'control',
      params: { name },
      responses: {
        204: { description: 'It is gone.' },
        404: { description: 'No service of that name is set up.' },
      },
      async handle({ params }, { setups }) {
        await setups.remove('services', params['name']!);
        return new HttpReply(204);
      },
    }),
  ],
} satisfies Resource;
