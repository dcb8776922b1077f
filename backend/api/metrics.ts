import type { RequestHandler, Response } from 'express';
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { readHead } from '../../core/store.ts';
import type { Redis } from '../../core/redis.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { Channels } from './channels.ts';

/** What Prometheus may know: the process, the HTTP calls, how far each channel is, and what the gateway delivers. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #durations: Histogram<'method' | 'route' | 'status'>;

  constructor(parts: { redis: Redis; channels: Channels; gateway: () => Gateway['figures'] }) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#durations = new Histogram({
      name: 'reprise_http_request_seconds',
      help: 'How long HTTP calls took.',
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
        if (parts.redis.status !== 'ready') return;
        for (const { name } of await parts.channels.all()) {
          const { epoch, offset } = await readHead(parts.redis, name);
          this.set({ channel: name, epoch: String(epoch) }, offset);
        }
      },
    });
    const figures: [keyof Gateway['figures'], string][] = [
      ['clients', 'Connected socket clients.'],
      ['channels', 'Channels that some client follows.'],
      ['subscriptions', 'Clients on channels.'],
      ['delivered', 'Events sent to socket clients since the start.'],
      ['conflated', 'Events left out because a later one of their subject was sent.'],
      ['dropped', 'Events lost to socket clients for another reason.'],
    ];
    for (const [name, help] of figures) {
      new Gauge({
        name: `reprise_gateway_${name}`,
        help,
        registers,
        collect() {
          this.set(parts.gateway()[name]);
        },
      });
    }
  }

  /** Measures every call by the route it took. */
  readonly measure: RequestHandler = (request, response, next) => {
    const stop = this.#durations.startTimer({ method: request.method });
    response.on('finish', () => {
      const path = (request.route as { path?: unknown } | undefined)?.path;
      stop({ route: typeof path === 'string' ? path : 'none', status: String(response.statusCode) });
    });
    next();
  };

  async write(response: Response): Promise<void> {
    response.type(this.#registry.contentType).send(await this.#registry.metrics());
  }
}
