import type { RequestHandler, Response } from 'express';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { readHead } from '../../../core/redis/channel-store.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { GatewayFigures } from '../../gateway/streams/streams.ts';
import type { Channels } from '../stores/channels.ts';
import { metricsText } from './service-metrics.ts';

/** The metrics for Prometheus: the process, HTTP requests, channels, the gateway, and what services count. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #redis: Redis;
  readonly #durations: Histogram<'method' | 'route' | 'status'>;

  constructor(dependencies: { redis: Redis; channels: Channels; gateway: () => GatewayFigures }) {
    this.#redis = dependencies.redis;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#durations = new Histogram({
      name: 'reprise_http_request_seconds',
      help: 'Duration of HTTP requests.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    });
    new Gauge({
      name: 'reprise_channel_offset',
      help: 'Offset of the last event of each channel, in its current epoch.',
      labelNames: ['channel', 'epoch'],
      registers,
      async collect() {
        this.reset();
        if (dependencies.redis.status !== 'ready') return;
        for (const { name } of await dependencies.channels.all()) {
          const { epoch, offset } = await readHead(dependencies.redis, name);
          this.set({ channel: name, epoch: String(epoch) }, offset);
        }
      },
    });
    const figures: [keyof GatewayFigures, string, string][] = [
      ['clients', 'clients', 'Clients: sockets, and readers of Server-Sent Events.'],
      ['channels', 'channels', 'Channels with at least one subscription.'],
      ['subscriptions', 'subscriptions', 'Subscriptions of clients to channels.'],
      ['published', 'published', 'Events on the channels of clients: the sum of the next five.'],
      ['delivered', 'delivered', 'Events that clients received since the start.'],
      ['conflated', 'conflated', 'Events left out because a later one replaced them.'],
      ['filtered', 'filtered', 'Events that did not pass the filter of a client.'],
      ['dropped', 'dropped', 'Events lost to clients for another reason.'],
      ['inFlight', 'in_flight', 'Events on their way to clients.'],
      ['waitingBytes', 'waiting_bytes', 'Bytes that wait here because clients do not read them.'],
    ];
    for (const [figure, name, help] of figures) {
      new Gauge({
        name: `reprise_gateway_${name}`,
        help,
        registers,
        collect() {
          this.set(dependencies.gateway()[figure]);
        },
      });
    }
  }

  /** Measures each request under the path of its route. */
  readonly measure: RequestHandler = (request, response, next) => {
    const stop = this.#durations.startTimer({ method: request.method });
    response.on('finish', () => {
      const path = (request.route as { path?: unknown } | undefined)?.path;
      stop({ route: typeof path === 'string' ? path : 'none', status: String(response.statusCode) });
    });
    next();
  };

  /** Sends all metrics in the Prometheus text format. */
  async write(response: Response): Promise<void> {
    const own = await this.#registry.metrics();
    const services = this.#redis.status === 'ready' ? await metricsText(this.#redis) : '';
    response.type(this.#registry.contentType).send(own + services);
  }
}
