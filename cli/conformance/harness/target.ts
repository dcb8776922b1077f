import { refusal } from '../../../core/problems/errors.ts';
import { comparePositions, parsePosition, type Position } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import { patchedPipeline, planPipeline } from '../../../core/wire/pipeline.ts';
import type { Redis } from '../../../core/redis/connection.ts';
import type { SetupStore } from '../../../core/setup/setup.ts';
import type { OutsideStep, Pipeline, ServiceStep } from '../../../schemas/types.ts';

/** How a service can be set up while it runs: its state and its parameters. */
export interface StepSetup {
  state: 'running' | 'stopped';
  params: { [name: string]: unknown };
}

/** The service that is examined: where it reads, and how it is set up. */
export interface Target {
  service: string;
  /** The channel that it reads. */
  channel: string;
  /** The name under which events carry parameters for it. */
  own: string;
  /** Whether the analysis host runs it, which rejects for good what can never succeed. */
  isHosted: boolean;
  /** Makes sure that events sent from now on are read. */
  begin(): Promise<void>;
  configure(wish: StepSetup): Promise<void>;
  /** The position up to which everything is finished. */
  finishedTo(): Promise<Position>;
  /** Sets it up as it was before. */
  restore(): Promise<void>;
}

/** How often an event is delivered again while a service is examined, and after how long. */
export const RETRIES = 2;
const BACKOFF_MS = 20;
/** The set-up for an examination ends after this long, should it be broken off. */
const EXAMINED_S = 300;

/** The service of this name: a step of a pipeline that the analysis host runs, else one that speaks the protocol. */
export async function findTarget(redis: Redis, store: SetupStore, service: string): Promise<Target> {
  const { pipelines, services, analytics } = await store.read();
  for (const [name, definition] of Object.entries(pipelines)) {
    const step = planPipeline(name, definition).steps.find((each) => each.service === service && each.config);
    if (step) return new HostedTarget(redis, store, { name, definition, service, step: step.name });
  }
  if (Object.hasOwn(analytics, service) || (services[service] && services[service].use !== 'outside'))
    throw refusal('step_unknown', `"${service}" is not a step of a pipeline.`, {
      hint: 'Only services that events are sent along can be examined: make it a step.',
    });
  return new OutsideTarget(redis, service);
}

class OutsideTarget implements Target {
  readonly service: string;
  readonly channel: string;
  readonly own: string;
  readonly isHosted = false;
  readonly #redis: Redis;

  constructor(redis: Redis, service: string) {
    this.#redis = redis;
    this.service = this.own = service;
    this.channel = `${service}.in`;
  }

  async begin(): Promise<void> {
    const { service, channel } = this;
    await this.#redis.xgroup('CREATE', keys.log(channel), service, '$', 'MKSTREAM').catch((error: Error) => {
      if (!error.message.startsWith('BUSYGROUP')) throw error;
    });
    await this.#tell(channel, `${RETRIES} ${BACKOFF_MS}`);
  }

  async configure(wish: StepSetup): Promise<void> {
    await this.#tell(this.service, JSON.stringify(wish));
  }

  async finishedTo(): Promise<Position> {
    const log = keys.log(this.channel);
    const replies = await this.#redis.multi().xpending(log, this.service).xinfo('GROUPS', log).exec();
    return finishedTo(replies!.map(([, reply]) => reply) as GroupReplies, this.service);
  }

  async restore(): Promise<void> {
    await this.#redis.hdel(keys.examined, this.service, this.channel);
  }

  /** Takes precedence over the set-up, which others may write meanwhile. */
  async #tell(field: string, value: string): Promise<void> {
    await this.#redis.multi().hset(keys.examined, field, value).expire(keys.examined, EXAMINED_S).exec();
  }
}

/** Replies to XPENDING and XINFO GROUPS. */
export type GroupReplies = [[number, string | null, ...unknown[]], (string | number | null)[][]];

/** The position before the oldest event that a group has not acknowledged. */
export function finishedTo([[, oldest], groups]: GroupReplies, group: string): Position {
  if (oldest !== null) {
    const { epoch, offset } = parsePosition(oldest);
    return { epoch, offset: offset - 1 };
  }
  const facts = groups.find((fields) => fields[fields.indexOf('name') + 1] === group);
  return parsePosition(String(facts?.[facts.indexOf('last-delivered-id') + 1] ?? '0-0'));
}

class HostedTarget implements Target {
  readonly service: string;
  readonly channel: string;
  readonly own: string;
  readonly isHosted = true;
  readonly #redis: Redis;
  readonly #store: SetupStore;
  readonly #pipeline: string;
  readonly #definition: Pipeline;

  constructor(
    redis: Redis,
    store: SetupStore,
    {
      name,
      definition,
      service,
      step,
    }: { name: string; definition: Pipeline; service: string; step: string },
  ) {
    this.#redis = redis;
    this.#store = store;
    this.#pipeline = name;
    this.#definition = definition;
    this.service = this.channel = service;
    this.own = step;
  }

  async begin(): Promise<void> {}

  async configure({ state, params }: StepSetup): Promise<void> {
    const patch = (step: ServiceStep | OutsideStep) => ({
      ...step,
      state,
      params: { ...step.params, ...params },
    });
    const changed = patchedPipeline(this.#pipeline, this.#definition, this.service, patch);
    if (!changed) throw refusal('step_unknown', `"${this.service}" is gone from "${this.#pipeline}".`);
    await this.#store.put('pipelines', this.#pipeline, changed);
  }

  async finishedTo(): Promise<Position> {
    const text = await this.#redis.hget(keys.consumers(this.channel), this.service);
    return parsePosition(text?.split(' ')[0] ?? '0-0');
  }

  async restore(): Promise<void> {
    await this.#store.put('pipelines', this.#pipeline, this.#definition);
  }
}

/** Whether everything up to a position is finished. */
export async function isFinished(target: Target, at: Position): Promise<boolean> {
  return comparePositions(await target.finishedTo(), at) >= 0;
}
