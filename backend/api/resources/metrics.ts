import { readMetrics } from '../metrics/service-metrics.ts';
import { listOf, ref } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

export default {
  name: 'metrics',
  description: 'What services count and observe; for Prometheus it stands at /metrics, too.',
  routes: [
    route<{ service?: string }>({
      method: 'get',
      path: '/metrics',
      summary: 'What services count and observe',
      description:
        'Since their Redis began. Of a service at most 500 series are told apart; what is beyond has the label `overflow`.',
      scope: 'read',
      query: { service: { type: 'string', maxLength: 128, description: 'Of this service.' } },
      responses: {
        200: { description: 'By service, metric and labels.', schema: listOf(ref('resources/metric')) },
      },
      async handle({ query }, { redis }) {
        return { items: await readMetrics(redis, query.service) };
      },
    }),
  ],
} satisfies Resource;
