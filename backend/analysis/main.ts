import { hostname } from 'node:os';
import { channelSpec, type ChannelSpec } from '../../core/channels.ts';
import type { Settings } from '../../core/config.ts';
import { failure, sentence } from '../../core/errors.ts';
import { createLog } from '../../core/log.ts';
import { Presence } from '../../core/presence.ts';
import { connect } from '../../core/redis.ts';
import type { ServiceConfig } from '../../schemas/index.ts';
import { checkedParams, serviceKinds } from './kinds.ts';
import { LiveRunner } from './live.ts';
import { ServiceRunner } from './runner.ts';
import { MAIN_OUTPUT, type ServiceKind } from './service.ts';

/** The analysis role: runs the services of the configuration. One that fails does not touch the others. */
export async function serve(settings: Settings): Promise<{ close(): Promise<void> }> {
  const log = createLog('analysis', settings.logLevel);
  const kinds = await serviceKinds();
  const redis = await connect(settings.redisUrl, 'analysis');
  const instance = `analysis-${hostname()}-${process.pid}`;
  const started = new Date().toISOString();
  const running = Object.entries(settings.services).map(([name, config]) => {
    const kind = kinds.get(config.use);
    if (!kind) {
      throw failure(
        'service_unknown',
        `Service "${name}" uses "${config.use}", which is no file under backend/analysis/services.`,
        {
          hint: `There are: ${[...kinds.keys()].join(', ')}.`,
        },
      );
    }
    const input = config.input ?? kind.input;
    const outputs = outputsOf(kind, config, settings);
    const service = kind.create(checkedParams(name, kind, config.params ?? {}));
    const parts = { redis, name, service, input, outputs, partition: null, log };
    const runner = config.mode === 'live' ? new LiveRunner(parts) : new ServiceRunner(parts);
    let error: string | null = null;
    runner.run().catch((thrown: unknown) => {
      error = sentence(thrown);
      log.error({ service: name }, error);
    });
    const presence = new Presence(redis, () => ({
      name: runner.name,
      role: 'service',
      state: error ? 'stopped' : runner.position ? 'running' : 'standby',
      instance: `${instance}:${runner.name}`,
      started,
      inputs: [input],
      outputs: [...outputs.values()].map((spec) => spec.name),
      lost: runner.lost,
      ...(error && { message: error }),
    }));
    return { runner, presence };
  });
  const presence = new Presence(redis, () => ({
    name: 'analysis',
    role: 'analysis',
    state: 'running',
    instance,
    pid: process.pid,
    started,
  }));
  return {
    async close() {
      for (const { runner } of running) runner.close();
      await Promise.all([presence, ...running.map((each) => each.presence)].map((each) => each.close()));
      redis.disconnect();
    },
  };
}

/** A service's outputs by name, as the configuration has them. @throws failure for one that it has not */
function outputsOf(
  kind: ServiceKind,
  config: ServiceConfig,
  { channels }: Settings,
): Map<string, ChannelSpec> {
  const names = { [MAIN_OUTPUT]: config.output ?? kind.output, ...kind.outputs, ...config.outputs };
  for (const name of Object.keys(config.outputs ?? {})) {
    if (name !== MAIN_OUTPUT && !kind.outputs?.[name])
      throw failure('config_invalid', `Service "${kind.name}" has no output "${name}".`);
  }
  return new Map(Object.entries(names).map(([name, channel]) => [name, channelSpec(channel, channels)]));
}
