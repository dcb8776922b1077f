import { readMetrics } from '../metrics/service-metrics.ts';
import { listOf, ref } from '../http/route.ts';
import { route, type Resource } from '../routing/api-route.ts';

export default {
  name: 'metrics',
  description: 'What services count and observe. /metrics has the same for Prometheus.',
  routes: [
    route<{ service?: string }>({
      method: 'get',
      path: '/metrics',
      summary: 'List what services count and observe',
      channels: 'all',
      description:
        'Since the data in Redis began. A service has at most 500 series; values beyond them are collected under the label `overflow`.',
      scope: 'read',
      query: { service: { type: 'string', maxLength: 128, description: 'Only this service.' } },
      responses: {
        200: {
          description: 'The series, by service, metric and labels.',
          schema: listOf(ref('resources/metric')),
        },
      },
      async handle({ query }, { redis }) {
        return { items: await readMetrics(redis, query.service) };
      },
    }),
  ],
} satisfies Resource;
