import { channelSpec, type ChannelSpec } from '../../core/channels.ts';
import type { Settings } from '../../core/config.ts';
import { failure } from '../../core/errors.ts';
import type { Setup } from '../../core/setup.ts';
import type { Analytics, ServiceConfig } from '../../schemas/types.ts';
import { checkedParams } from './kinds.ts';
import { MAIN_OUTPUT, type Service, type ServiceKind } from './service.ts';

/** A service that is about to run: all that its definition says, checked. */
export interface Planned {
  name: string;
  service: Service<unknown>;
  input: string;
  /** By the output's name. */
  outputs: ReadonlyMap<string, ChannelSpec>;
  mode: 'committed' | 'live';
  /** What was kept under another of these can't be gone on with. */
  definition: string;
}

/** All services that a set-up asks for: those it names, and those that its analytics are. Name -> configuration. */
export function servicesOf({ services, analytics }: Setup): Map<string, ServiceConfig> {
  const windows = Object.entries(analytics).map(([name, definition]): [string, ServiceConfig] => [
    name,
    windowsOf(name, definition),
  ]);
  return new Map([...Object.entries(services), ...windows]);
}

/** Analytics are the service `windows` with parameters. */
function windowsOf(name: string, { from, to = name, state, ...params }: Analytics): ServiceConfig {
  return { use: 'windows', input: from, output: to, params, ...(state && { state }) };
}

/** @throws failure saying what is wrong with a service's configuration */
export function plan(
  name: string,
  config: ServiceConfig,
  kinds: ReadonlyMap<string, ServiceKind>,
  channels: Settings['channels'],
): Planned {
  const kind = kinds.get(config.use);
  if (!kind)
    throw failure(
      'service_unknown',
      `Service "${name}" uses "${config.use}", which is no file under backend/analysis/services.`,
      { hint: `There are: ${[...kinds.keys()].join(', ')}.` },
    );
  const input = config.input ?? kind.input;
  const outputs = outputsOf(name, kind, config, channels);
  if ([...outputs.values()].some((spec) => spec.name === input))
    throw failure('config_invalid', `Service "${name}" would read what it writes: "${input}".`);
  const params = checkedParams(name, kind, config.params ?? {});
  return {
    name,
    service: created(name, kind, params),
    input,
    outputs,
    mode: config.mode ?? 'committed',
    definition: [config.use, input, ...(kind.keepsState ? [] : [JSON.stringify(params)])].join(' '),
  };
}

function created(name: string, kind: ServiceKind, params: { [name: string]: unknown }): Service<unknown> {
  try {
    return kind.create(params);
  } catch (cause) {
    throw failure('config_invalid', `Service "${name}": ${(cause as Error).message}`, { cause });
  }
}

/** A service's outputs by name. @throws failure for one that it has not */
function outputsOf(
  name: string,
  kind: ServiceKind,
  config: ServiceConfig,
  channels: Settings['channels'],
): Map<string, ChannelSpec> {
  const names = { [MAIN_OUTPUT]: config.output ?? kind.output, ...kind.outputs, ...config.outputs };
  for (const output of Object.keys(config.outputs ?? {})) {
    if (output !== MAIN_OUTPUT && !kind.outputs?.[output])
      throw failure('config_invalid', `Service "${name}" (${kind.name}) has no output "${output}".`);
  }
  return new Map(Object.entries(names).map(([output, channel]) => [output, channelSpec(channel, channels)]));
}
