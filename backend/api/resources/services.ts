import { services } from '../../../core/presence.ts';
import { listOf, ref, route, type Resource } from '../route.ts';

export default {
  name: 'services',
  description: 'The processes and analysis services that say they are alive.',
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
  ],
} satisfies Resource;
