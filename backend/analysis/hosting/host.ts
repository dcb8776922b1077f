import { hostname } from 'node:os';
import type { Settings } from '../../../core/settings/settings.ts';
import { sentence } from '../../../core/problems/errors.ts';
import type { Logger } from '../../../core/logging/log.ts';
import type { MetricSink } from '../../../core/plugins/plugin.ts';
import { Presence } from '../../../core/redis/presence.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { Setup } from '../../../core/setup/setup.ts';
import type { Service as ServiceDocument } from '../../../schemas/types.ts';
import { forgetService } from '../running/checkpoint.ts';
import { publishExternalSetup } from './external-services.ts';
import { NO_BUDGET, type EventBudget } from '../running/event-guard.ts';
import { Handover } from '../running/handover.ts';
import { LiveRunner } from '../running/live/live-runner.ts';
import type { Partition } from '../running/partition.ts';
import { plan, servicesOf, type PlannedService, type ServiceRequest } from './plan.ts';
import { ServiceRunner } from '../running/committed/service-runner.ts';
import type { ServiceKind } from '../engine/service.ts';

/** What a host needs. */
export interface HostParts {
  redis: Redis;
  kinds: ReadonlyMap<string, ServiceKind>;
  channels: Settings['channels'];
  partition: Partition | null;
  log: Logger;
  /** Where metrics of services also go. */
  metricSinks?: MetricSink[];
  /** The time that a service may take for one event. Default: as much as it likes. */
  budget?: EventBudget;
}

interface HostedParts extends HostParts {
  handover: Handover;
}

/** Runs the services of the set-up in this process. A service that fails, starts or stops does not affect the others. */
export class Host {
  readonly #parts: HostedParts;
  readonly #hosted = new Map<string, HostedService>();
  #applying: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(parts: HostParts) {
    this.#parts = { ...parts, handover: new Handover() };
  }

  /** Starts, stops and replaces services to match a set-up. */
  async apply(setup: Setup): Promise<void> {
    if (this.#isClosed) return;
    const applying = this.#apply(setup);
    this.#applying = applying.catch(() => {});
    await applying;
  }

  /** Ends all services; they can continue elsewhere. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#applying;
    await Promise.all(Array.from(this.#hosted.values(), (hosted) => hosted.close()));
  }

  async #apply(setup: Setup): Promise<void> {
    const wanted = servicesOf(setup);
    await publishExternalSetup(this.#parts.redis, setup, this.#parts.channels);
    const changes = [...new Set([...this.#hosted.keys(), ...wanted.keys()])].map(async (name) => {
      const config = wanted.get(name);
      const hosted = this.#hosted.get(name);
      if (hosted?.text === JSON.stringify(config)) return;
      await hosted?.close();
      this.#hosted.delete(name);
      if (config) this.#hosted.set(name, new HostedService(name, config, this.#parts));
      else await hosted?.forget();
    });
    await Promise.all(changes);
  }
}

/** One service of the set-up. It runs, or it is stopped, or it has failed. */
class HostedService {
  /** Its configuration as JSON text: a changed one is another service. */
  readonly text: string;
  readonly #name: string;
  readonly #parts: HostedParts;
  readonly #started = new Date().toISOString();
  readonly #presence: Presence;
  readonly #isStopped: boolean;
  #planned: PlannedService | null = null;
  #runner: ServiceRunner | LiveRunner | null = null;
  #ended: Promise<void> = Promise.resolve();
  #error: string | null = null;

  constructor(name: string, config: ServiceRequest, parts: HostedParts) {
    this.text = JSON.stringify(config);
    this.#name = name;
    this.#parts = parts;
    this.#isStopped = config.state === 'stopped';
    try {
      this.#planned = plan(name, config, parts.kinds, parts.channels);
      if (!this.#isStopped) this.#run(this.#planned);
    } catch (error) {
      this.#fail(error);
    }
    this.#presence = new Presence(parts.redis, () => this.#document());
  }

  /** Ends it; it can continue later, here or elsewhere. */
  async close(): Promise<void> {
    this.#runner?.close();
    await this.#ended;
    await this.#presence.close();
  }

  /** Deletes what it keeps: it will not come back. */
  async forget(): Promise<void> {
    if (this.#planned) await forgetService(this.#parts.redis, this.#runnerName, this.#planned.input);
  }

  #run(planned: PlannedService): void {
    const { redis, partition, handover, log, metricSinks = [], budget = NO_BUDGET } = this.#parts;
    const parts = { ...planned, redis, partition, handover, log, metricSinks, budget };
    this.#runner = planned.mode === 'live' ? new LiveRunner(parts) : new ServiceRunner(parts);
    this.#ended = this.#runner.run().catch((error: unknown) => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.#error = sentence(error);
    this.#parts.log.error({ service: this.#name }, this.#error);
  }

  get #runnerName(): string {
    return this.#runner?.name ?? this.#name;
  }

  get #state(): ServiceDocument['state'] {
    if (this.#error !== null) return 'failed';
    if (this.#isStopped) return 'stopped';
    return this.#runner?.position ? 'running' : 'standby';
  }

  #document(): Omit<ServiceDocument, 'seen'> {
    return {
      name: this.#runnerName,
      role: 'service',
      state: this.#state,
      instance: `analysis-${hostname()}-${process.pid}:${this.#runnerName}`,
      started: this.#started,
      inputs: this.#planned ? [this.#planned.input] : [],
      outputs: Array.from(this.#planned?.outputs.values() ?? [], (spec) => spec.name),
      lost: this.#runner?.lost ?? 0,
      ...(this.#error !== null && { message: this.#error }),
    };
  }
}
