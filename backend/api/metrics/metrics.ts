import type { RequestHandler, Response } from 'express';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { isProblemCode } from '../../../core/problems/codes.ts';
import type { GatewayFigures } from '../../gateway/streams/streams.ts';
import { problemOf } from '../http/problems.ts';
import { metricText } from './prometheus-text.ts';
import { SystemMetrics, type SystemParts } from './system-metrics.ts';

/** What has become of the events on the channels of clients. `published` is the sum of the others and of those in flight. */
const TOTALS: ['published' | 'delivered' | 'conflated' | 'filtered' | 'dropped', string][] = [
  ['published', 'Events on the channels of clients.'],
  ['delivered', 'Events that clients received.'],
  ['conflated', 'Events left out because a later one replaced them.'],
  ['filtered', 'Events that did not pass the filter of a client.'],
  ['dropped', 'Events lost to clients for another reason.'],
];

/** The metrics for Prometheus: the process, HTTP requests, channels, the gateway, and what services count. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #system: SystemMetrics;
  readonly #gateway: () => GatewayFigures;
  readonly #refusals: Counter<'code'>;
  readonly #durations: Histogram<'method' | 'route' | 'status'>;

  /** `kinds`: the kind of each client that is connected. */
  constructor(dependencies: SystemParts & { gateway: () => GatewayFigures; kinds: () => Iterable<string> }) {
    this.#system = new SystemMetrics(dependencies);
    this.#gateway = dependencies.gateway;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#durations = new Histogram({
      name: 'reprise_http_request_seconds',
      help: 'Duration of HTTP requests.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
      registers,
    });
    this.#refusals = new Counter({
      name: 'reprise_refusals_total',
      help: 'Requests that were answered with a problem, by its code.',
      labelNames: ['code'],
      registers,
    });
    new Gauge({
      name: 'reprise_gateway_connections',
      help: 'Clients by kind: sockets (`socket`), and readers of Server-Sent Events (`events`).',
      labelNames: ['kind'],
      registers,
      collect() {
        for (const kind of ['socket', 'events']) this.set({ kind }, 0);
        for (const kind of dependencies.kinds()) this.inc({ kind });
      },
    });
    const figures: [keyof GatewayFigures, string, string][] = [
      ['clients', 'clients', 'Clients: sockets, and readers of Server-Sent Events.'],
      ['channels', 'channels', 'Channels with at least one subscription.'],
      ['subscriptions', 'subscriptions', 'Subscriptions of clients to channels.'],
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
      const code = problemOf(response);
      if (code !== undefined) this.#refusals.inc({ code: isProblemCode(code) ? code : 'other' });
    });
    next();
  };

  /** Sends all metrics in the Prometheus text format. */
  async write(response: Response): Promise<void> {
    const own = await this.#registry.metrics();
    const totals = TOTALS.map(([figure, help]) =>
      metricText(`reprise_gateway_${figure}_total`, 'counter', help, [[{}, this.#gateway()[figure]]]),
    );
    response
      .type(this.#registry.contentType)
      .send(`${own}\n\n${totals.join('')}${await this.#system.text()}`);
  }
}
