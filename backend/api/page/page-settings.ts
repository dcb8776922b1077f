import { route, type Resource } from '../routing/api-route.ts';

/** The settings of the page as a REST noun. */
export const pageResource: Resource = {
  name: 'page',
  description: "The page's own settings.",
  routes: [
    route({
      method: 'get',
      path: '/page',
      summary: 'What the page draws beneath the data',
      scope: 'read',
      responses: {
        200: {
          description:
            'Streets that go with the recordings (GeoJSON), and a street style for when there is a network.',
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
