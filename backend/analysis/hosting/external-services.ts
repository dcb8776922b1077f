import { channelSpec } from '../../../core/wire/channels.ts';
import type { Settings } from '../../../core/settings/settings.ts';
import { keys } from '../../../core/wire/keys.ts';
import { planPipeline } from '../../../core/wire/pipeline.ts';
import { callProtocol, type Redis } from '../../../core/redis/connection.ts';
import type { Setup } from '../../../core/setup/setup.ts';
import { limits } from '../../../core/wire/limits.ts';
import { EXTERNAL } from './plan.ts';

const RETRY_LOOK_MS = 100;

/** Tells services that run elsewhere how they are set up, and Redis what it needs to write for them. */
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
    return [name, `${envelope} ${logMax} ${keepsState ? 1 : 0} ${latestKey}`];
  });
  const tell = redis.multi().del(keys.outside, keys.retryPolicy, keys.declared);
  if (texts.length > 0) tell.hset(keys.outside, new Map(texts));
  if (policies.size > 0) tell.hset(keys.retryPolicy, policies);
  if (declared.length > 0) tell.hset(keys.declared, new Map(declared));
  await tell.exec();
}

/** Puts events that a service failed at back onto its channel when their time has come, until it is closed. */
export function startRetries(redis: Redis): { close(): void } {
  let isBusy = false;
  const look = async () => {
    if (isBusy || redis.status !== 'ready') return;
    isBusy = true;
    try {
      while ((await callProtocol(redis, 'retry', [])) === limits.RETRIES_AT_ONCE);
    } finally {
      isBusy = false;
    }
  };
  const looks = setInterval(() => void look().catch(() => {}), RETRY_LOOK_MS);
  return { close: () => clearInterval(looks) };
}
