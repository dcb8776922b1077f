import { channelSpec, type ChannelSpec } from '../../../core/wire/channels.ts';
import type { CloudEvent } from '../../../core/wire/event.ts';
import type { Settings } from '../../../core/settings/settings.ts';
import { refusal, RepriseError } from '../../../core/problems/errors.ts';
import { planPipeline, type PipelineMembers } from '../../../core/wire/pipeline.ts';
import type { Setup } from '../../../core/setup/setup.ts';
import type { Analytics, Pipeline, ServiceConfig } from '../../../schemas/types.ts';
import { checkedParams } from './registry.ts';
import type { RetryPolicy } from '../running/dead-letters.ts';
import { MAIN_OUTPUT, type Service, type ServiceKind } from '../engine/service.ts';

/** A service that can run: its checked definition. */
export interface PlannedService {
  name: string;
  service: Service<unknown>;
  input: string;
  /** Output channels by name of the output. */
  outputs: ReadonlyMap<string, ChannelSpec>;
  mode: 'committed' | 'live';
  /** A checkpoint under another definition can't be continued. */
  definition: string;
  /** What events carry that enter a pipeline here; null if none do. */
  enters: PipelineMembers | null;
  retryPolicy: RetryPolicy | null;
  keepsPlace: boolean;
  specOf: (channel: string) => ChannelSpec;
  /** The service with other parameters, for events that carry some; see `RunnerParts`. */
  variant: (event: CloudEvent) => Service<unknown> | null;
}

/** A service that a set-up asks for. */
export interface ServiceRequest extends ServiceConfig {
  /** Events enter a pipeline here: what they carry from then on. */
  enters?: PipelineMembers;
  /** It is a step of a pipeline. Events carry parameters for it under this name. */
  step?: { name: string } & RetryPolicy;
}

/** `use` of an external service. */
export const EXTERNAL = 'outside';

/**
 * All services that a set-up asks for here: its services, its analytics, and the steps of its pipelines.
 * @returns name -> configuration
 * @throws Error if a pipeline is not valid
 */
export function servicesOf({ services, analytics, pipelines }: Setup): Map<string, ServiceRequest> {
  const wanted = new Map<string, ServiceRequest>();
  for (const [name, config] of Object.entries(services))
    if (config.use !== EXTERNAL) wanted.set(name, config);
  for (const [name, definition] of Object.entries(analytics)) wanted.set(name, windowsOf(name, definition));
  for (const [name, definition] of Object.entries(pipelines))
    for (const [service, config] of stepsOf(name, definition)) wanted.set(service, config);
  return wanted;
}

function stepsOf(name: string, definition: Pipeline): [string, ServiceRequest][] {
  const { steps, input, route, params } = planPipeline(name, definition);
  const here = steps.flatMap(
    ({ service, config, name: step, retries, backoffMs }): [string, ServiceRequest][] =>
      config ? [[service, { ...config, step: { name: step, retries, backoffMs } }]] : [],
  );
  if (definition.from === undefined) return here;
  const enters = { pipeline: name, route: [input, ...route], ...(params !== null && { params }) };
  const entry = { use: 'copy', input: definition.from, output: `${name}.from.out`, enters };
  return [[`${name}.from`, entry], ...here];
}

/** Analytics are the service `windows` with parameters. */
function windowsOf(name: string, { from, to = name, state, ...params }: Analytics): ServiceConfig {
  return { use: 'windows', input: from, output: to, params, ...(state && { state }) };
}

/** Checks the configuration of a service. @throws refusal saying what is wrong with it */
export function plan(
  name: string,
  config: ServiceRequest,
  kinds: ReadonlyMap<string, ServiceKind>,
  channels: Settings['channels'],
): PlannedService {
  const kind = kinds.get(config.use);
  if (!kind)
    throw refusal(
      'service_unknown',
      `Service "${name}" uses "${config.use}", but there is no such kind of service.`,
      { hint: `The kinds are: ${[...kinds.keys()].join(', ')}.` },
    );
  const input = config.input ?? kind.input;
  const outputs = outputsOf(name, kind, config, channels);
  if ([...outputs.values()].some((spec) => spec.name === input))
    throw refusal('config_invalid', `Service "${name}" would read its own output: "${input}".`);
  const params = checkedParams(name, kind, config.params ?? {});
  return {
    name,
    service: createService(name, kind, params),
    input,
    outputs,
    mode: config.mode ?? 'committed',
    enters: config.enters ?? null,
    retryPolicy: config.step ?? null,
    keepsPlace: config.step !== undefined,
    specOf: (channel) => channelSpec(channel, channels),
    variant: variants(name, config, kind),
    definition: [config.use, input, ...(kind.keepsState ? [] : [JSON.stringify(params)])].join(' '),
  };
}

const VARIANTS_MAX = 100;

/** Finds the service with the parameters that an event carries. Each is created once; at most 100 are kept. */
function variants(name: string, { step, params }: ServiceRequest, kind: ServiceKind) {
  const created = new Map<string, Service<unknown> | null>();
  return ({ params: text }: CloudEvent): Service<unknown> | null => {
    if (text === undefined || !step) return null;
    const known = created.get(text);
    if (known !== undefined) return known;
    const own = (JSON.parse(text) as { [step: string]: { [name: string]: unknown } })[step.name];
    if (own && !kind.keepsState)
      throw new Error(`"${step.name}" takes no parameters from events, because its state depends on them`);
    const service = own ? createService(name, kind, checkedParams(name, kind, { ...params, ...own })) : null;
    if (created.size >= VARIANTS_MAX) created.clear();
    created.set(text, service);
    return service;
  };
}

function createService(
  name: string,
  kind: ServiceKind,
  params: { [name: string]: unknown },
): Service<unknown> {
  try {
    return kind.create(params);
  } catch (cause) {
    const hint = cause instanceof RepriseError ? cause.hint : undefined;
    throw refusal('config_invalid', `Service "${name}": ${(cause as Error).message}`, { hint, cause });
  }
}

/** The output channels of a service by name of the output. @throws refusal for an output that the kind does not have */
function outputsOf(
  name: string,
  kind: ServiceKind,
  config: ServiceConfig,
  channels: Settings['channels'],
): Map<string, ChannelSpec> {
  const names = { [MAIN_OUTPUT]: config.output ?? kind.output, ...kind.outputs, ...config.outputs };
  for (const output of Object.keys(config.outputs ?? {})) {
    if (output !== MAIN_OUTPUT && !kind.outputs?.[output])
      throw refusal('config_invalid', `Service "${name}" (${kind.name}) has no output "${output}".`);
  }
  return new Map(Object.entries(names).map(([output, channel]) => [output, channelSpec(channel, channels)]));
}
