import type { Logger } from '../../../core/logging/log.ts';
import type { MetricSink } from '../../../core/plugins/plugin.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { ChannelSpec } from '../../../core/wire/channels.ts';
import type { PipelineMembers } from '../../../core/wire/pipeline.ts';
import type { EngineOptions } from '../engine/engine.ts';
import type { Service } from '../engine/service.ts';
import type { EventBudget } from './event-guard.ts';
import type { RetryPolicy } from './dead-letters.ts';
import type { Handover } from './handover.ts';
import type { Partition } from './partition.ts';

/** What a runner needs to run a service. */
export interface RunnerParts {
  redis: Redis;
  name: string;
  service: Service<unknown>;
  input: string;
  /** Output channels by the name of the output; see `MAIN_OUTPUT`. */
  outputs: ReadonlyMap<string, ChannelSpec>;
  /** The partition that this process runs; null for the whole service. */
  partition: Partition | null;
  /** A checkpoint under another definition is dropped, and the current epoch starts again. */
  definition: string;
  /** Keep the position of a checkpoint under another definition: what was derived before it is on its way already. */
  keepsPlace: boolean;
  /** The service with other parameters, for events that carry some. */
  variant: NonNullable<EngineOptions['variant']>;
  /** The channel that a route leads to. */
  specOf: (channel: string) => ChannelSpec;
  /** What events carry that enter a pipeline here; null if none do. */
  enters: PipelineMembers | null;
  /** null: an event at which the service fails is a dead letter at once. */
  retryPolicy: RetryPolicy | null;
  /** The time that the service may take for one event. Default: as much as it likes. */
  budget?: EventBudget;
  /** Passes committed events between the services of this process. */
  handover?: Handover;
  log: Logger;
  /** Where metrics of the service also go. */
  metricSinks?: MetricSink[];
}

/** How often a runner without events looks whether event time passes or the epoch has ended. */
export const IDLE_POLL_MS = 250;
