import { channelSpec, type ChannelSpec } from '../../../core/wire/channels.ts';
import type { CloudEvent } from '../../../core/wire/event.ts';
import type { Settings } from '../../../core/settings/settings.ts';
import { refusal, RepriseError } from '../../../core/problems/errors.ts';
import { planPipeline, type Carried } from '../../../core/wire/pipeline.ts';
import type { Setup } from '../../../core/setup/setup.ts';
import type { Analytics, Pipeline, ServiceConfig } from '../../../schemas/types.ts';
import { checkedParams } from './registry.ts';
import type { RetryPolicy } from '../running/dead-letters.ts';
import { MAIN_OUTPUT, type Service, type ServiceKind } from '../engine/service.ts';

/** A service that is about to run: all that its definition says, checked. */
export interface PlannedService {
  name: string;
  service: Service<unknown>;
  input: string;
  /** By the output's name. */
  outputs: ReadonlyMap<string, ChannelSpec>;
  mode: 'committed' | 'live';
  /** What was kept under another of these can't be gone on with. */
  definition: string;
  /** What it gives events to carry that enter a pipeline by it. */
  enters: Carried | null;
  retryPolicy: RetryPolicy | null;
  keepsPlace: boolean;
  specOf: (channel: string) => ChannelSpec;
  /** See `RunnerParts`. */
  variant: (event: CloudEvent) => Service<unknown> | null;
}

/** A service that a set-up asks for. */
export interface ServiceRequest extends ServiceConfig {
  /** It lets events into a pipeline: what it gives them to carry. */
  enters?: Carried;
  /** It is this step of a pipeline: by this name events bring parameters for it. */
  step?: { name: string } & RetryPolicy;
}

/** `use` of a service that runs elsewhere. */
export const EXTERNAL = 'outside';

/**
 * All services that a set-up asks for to run here: those it names, and those that its analytics and the steps of its
 * pipelines are. Name -> configuration. @throws Error where a pipeline can't be laid out
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

/** @throws refusal saying what is wrong with a service's configuration */
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
      `Service "${name}" uses "${config.use}", which is no file under backend/analysis/services.`,
      { hint: `There are: ${[...kinds.keys()].join(', ')}.` },
    );
  const input = config.input ?? kind.input;
  const outputs = outputsOf(name, kind, config, channels);
  if ([...outputs.values()].some((spec) => spec.name === input))
    throw refusal('config_invalid', `Service "${name}" would read what it writes: "${input}".`);
  const params = checkedParams(name, kind, config.params ?? {});
  return {
    name,
    service: created(name, kind, params),
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

/** Services with the parameters that events bring; each is made once, where what it keeps does not depend on them. */
function variants(name: string, { step, params }: ServiceRequest, kind: ServiceKind) {
  const made = new Map<string, Service<unknown> | null>();
  return ({ params: text }: CloudEvent): Service<unknown> | null => {
    if (text === undefined || !step) return null;
    const known = made.get(text);
    if (known !== undefined) return known;
    const own = (JSON.parse(text) as { [step: string]: { [name: string]: unknown } })[step.name];
    if (own && !kind.keepsState)
      throw new Error(`"${step.name}" takes none from events: what it keeps depends on them`);
    const service = own ? created(name, kind, checkedParams(name, kind, { ...params, ...own })) : null;
    if (made.size >= VARIANTS_MAX) made.clear();
    made.set(text, service);
    return service;
  };
}

function created(name: string, kind: ServiceKind, params: { [name: string]: unknown }): Service<unknown> {
  try {
    return kind.create(params);
  } catch (cause) {
    const hint = cause instanceof RepriseError ? cause.hint : undefined;
    throw refusal('config_invalid', `Service "${name}": ${(cause as Error).message}`, { hint, cause });
  }
}

/** A service's outputs by name. @throws refusal for one that it has not */
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
