import { reducedSchema } from '../../../core/lua/reduced-schema.ts';
import { channelSpec, isChannelName } from '../../../core/wire/channels.ts';
import type { Settings } from '../../../core/settings/settings.ts';
import { keys } from '../../../core/wire/keys.ts';
import { planPipeline } from '../../../core/wire/pipeline.ts';
import { callProtocol, type Redis } from '../../../core/redis/connection.ts';
import type { Setup } from '../../../core/setup/setup.ts';
import { limits } from '../../../core/wire/limits.ts';
import { schemas } from '../../../schemas/index.ts';
import { EXTERNAL } from './plan.ts';

const RETRY_POLL_MS = 100;

/** Publishes the set-up of external services, and what Redis needs to write events for them. */
export async function publishExternalSetup(
  redis: Redis,
  { services, pipelines }: Setup,
  channels: Settings['channels'],
): Promise<void> {
  const setups = new Map<string, { state: string; params: object }>();
  const policies = new Map<string, string>();
  for (const [name, definition] of Object.entries(pipelines))
    for (const { config, service, channel, state, params, retries, backoffMs } of planPipeline(
      name,
      definition,
    ).steps) {
      if (config) continue;
      setups.set(service, { state, params });
      policies.set(channel, `${retries} ${backoffMs}`);
    }
  for (const [name, { use, state = 'running', params = {} }] of Object.entries(services))
    if (use === EXTERNAL) setups.set(name, { state, params });
  const texts = Array.from(setups, ([name, setup]): [string, string] => [name, JSON.stringify(setup)]);
  const declared = Object.keys(channels).map((name): [string, string] => {
    const { envelope, logMax, keepsState, latestKey } = channelSpec(name, channels);
    return [name, `${envelope} ${logMax} ${keepsState ? 1 : 0} ${keys.latest(latestKey)}`];
  });
  const checked = checkedSchemas(channels);
  const write = redis.multi().del(keys.outside, keys.retryPolicy, keys.declared, keys.schemas);
  if (texts.length > 0) write.hset(keys.outside, new Map(texts));
  if (policies.size > 0) write.hset(keys.retryPolicy, policies);
  if (declared.length > 0) write.hset(keys.declared, new Map(declared));
  if (checked.length > 0) write.hset(keys.schemas, new Map(checked));
  await write.exec();
}

const OF_CHANNELS = 'channels/';

/** The channels whose data have a schema, with what the functions in Redis check of it. */
function checkedSchemas(channels: Settings['channels']): [channel: string, schema: string][] {
  const named = [...schemas.keys()].filter((name) => name.startsWith(OF_CHANNELS));
  const names = new Set([...Object.keys(channels), ...named.map((name) => name.slice(OF_CHANNELS.length))]);
  return [...names].flatMap((name): [string, string][] => {
    const schema = isChannelName(name) ? channelSpec(name, channels).schema : null;
    return schema === null ? [] : [[name, JSON.stringify(reducedSchema(schemas.get(schema)!))]];
  });
}

/** Puts events at which a service failed back on its channel when their time has come, until it is closed. */
export function startRetries(redis: Redis): { close(): void } {
  let isBusy = false;
  const poll = async () => {
    if (isBusy || redis.status !== 'ready') return;
    isBusy = true;
    try {
      while ((await callProtocol(redis, 'retry', [])) === limits.RETRIES_AT_ONCE);
    } finally {
      isBusy = false;
    }
  };
  const polls = setInterval(() => void poll().catch(() => {}), RETRY_POLL_MS);
  return { close: () => clearInterval(polls) };
}
