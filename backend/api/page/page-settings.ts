import { route, type Resource } from '../routing/api-route.ts';

/** The settings of the page as a REST noun. */
export const pageResource: Resource = {
  name: 'page',
  description: 'Settings of the page.',
  routes: [
    route({
      method: 'get',
      path: '/page',
      summary: 'Get what the map draws beneath the data',
      scope: 'read',
      channels: 'none',
      responses: {
        200: {
          description:
            'Streets that belong to the recordings (GeoJSON), and a street style for use with a network connection.',
          schema: {
            type: 'object',
            required: ['streets', 'streetStyle'],
            properties: { streets: { type: ['object', 'null'] }, streetStyle: { type: ['string', 'null'] } },
          },
        },
      },
      async handle(_call, { recordings, settings }) {
        return { streets: await recordings.streets(), streetStyle: settings.streetStyle };
      },
    }),
  ],
};
