import { processInstance } from '../../../core/redis/presence.ts';
import { listOf, ref } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

export default {
  name: 'clients',
  description: 'The clients that follow channels, and what became of each event.',
  routes: [
    route({
      method: 'get',
      path: '/clients',
      summary: 'List the clients of this process',
      channels: 'own',
      description:
        'Sockets and readers of Server-Sent Events, with an account of each channel that they follow. If several processes serve the API, each lists its own clients.',
      scope: 'read',
      responses: {
        200: {
          description: 'The clients, and the process they are connected to.',
          schema: listOf(ref('resources/client'), { instance: { type: 'string' } }),
        },
      },
      handle: ({ caller }, { streams }) => ({
        items: [...streams.clients].map(({ status }) => ({
          ...status,
          subscriptions: status.subscriptions.filter(({ channel }) => caller.rights.mayRead(channel)),
        })),
        instance: processInstance('api'),
      }),
    }),
  ],
} satisfies Resource;
