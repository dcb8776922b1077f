import type { CloudEvent, OutsideStep, Pipeline, ServiceConfig, ServiceStep } from '../../schemas/types.ts';
import { isChannelName } from './channels.ts';
import { refusal } from '../problems/errors.ts';
import { durationMs } from '../time/duration.ts';
import { limits } from './limits.ts';

/** The channels that an event will visit, in order. A list within the list holds branches, each a route. */
export type Route = NonNullable<CloudEvent['route']>;

/** All channels of a route, with those of its branches. */
export function routeChannels(route: unknown): string[] {
  if (!Array.isArray(route)) return [];
  return route.flatMap((each: unknown) => (typeof each === 'string' ? [each] : routeChannels(each)));
}

/** The members that an event carries through a pipeline. */
export type PipelineMembers = Pick<CloudEvent, 'pipeline' | 'route' | 'params' | 'traceparent'>;

/** A step of a pipeline, ready to run: the channel, and the service that reads it. */
export interface StepPlan {
  /** Unique in the pipeline. */
  name: string;
  channel: string;
  /** Name of the service, unique among all services. */
  service: string;
  /** Configuration of the service; null: it is an external service. */
  config: ServiceConfig | null;
  params: { [name: string]: unknown };
  state: 'running' | 'stopped';
  /** How often an event that failed is tried again. */
  retries: number;
  /** The delay before the first retry; it doubles each time. */
  backoffMs: number;
}

/** A pipeline, ready to run: its services, and the route of its events. */
export interface PipelinePlan {
  steps: StepPlan[];
  /** The channel of the first step. An event that enters there with `route` goes through the pipeline. */
  input: string;
  /** The channels after the first step, up to and including `to`. */
  route: Route;
  /** The channel of the results. */
  to: string;
  /** JSON text: `params` for events without any. They are those of external services, by service. Null: none. */
  params: string | null;
}

const RETRIES = 3;
const BACKOFF = '1s';

/** The first step of a pipeline that begins with branches: it passes each event on unchanged. */
const ENTER: ServiceStep = { service: 'copy', name: 'enter' };

/**
 * Plans a pipeline: the channel of each step, and the route of its events.
 * @throws refusal `config_invalid` if two steps have the same name, or need different parameters of one external service
 */
export function planPipeline(name: string, { steps, to = name }: Pipeline): PipelinePlan {
  const plans: StepPlan[] = [];
  const add = (plan: StepPlan): string => {
    if (plans.some((other) => other.name === plan.name))
      throw refusal(
        'config_invalid',
        `Two steps are called "${plan.name}": give one of them another \`name\`.`,
      );
    plans.push(plan);
    return plan.channel;
  };
  const all = 'branches' in steps[0]! ? [ENTER, ...steps] : steps;
  const [input, ...route]: Route = all.flatMap((step): Route => {
    if (!('branches' in step)) return [add(stepPlan(name, step))];
    const ways = step.branches.map((branch) => branch.map((each) => add(stepPlan(name, each))));
    if (step.join === false) return [ways];
    const join = { service: 'join', name: step.name ?? 'join', params: { parts: ways.length } };
    return [ways, add(stepPlan(name, join))];
  });
  const outside = new Map<string, string>();
  for (const { config, service, params } of plans) {
    if (config) continue;
    const text = JSON.stringify(params);
    if ((outside.get(service) ?? text) !== text)
      throw refusal(
        'config_invalid',
        `Two steps use the external service "${service}" with different parameters; an event carries only one set of them.`,
      );
    outside.set(service, text);
  }
  return {
    steps: plans,
    input: input as string,
    route: [...route, to],
    to,
    params:
      outside.size > 0
        ? `{${Array.from(outside, ([service, text]) => `${JSON.stringify(service)}:${text}`).join()}}`
        : null,
  };
}

function stepPlan(pipeline: string, step: ServiceStep | OutsideStep): StepPlan {
  const { params = {}, retries = RETRIES, backoff = BACKOFF, state = 'running' } = step;
  const rest = { params, retries, backoffMs: durationMs(backoff, 'backoff'), state };
  if ('outside' in step)
    return {
      name: step.name ?? step.outside,
      channel: `${step.outside}.in`,
      service: step.outside,
      config: null,
      ...rest,
    };
  const name = step.name ?? step.service;
  const channel = `${pipeline}.${name}`;
  // Results of timers go to `output`, because they belong to no event that has a route.
  const config: ServiceConfig = {
    use: step.service,
    input: channel,
    output: `${channel}.out`,
    params,
    state,
  };
  return { name, channel, service: channel, config, ...rest };
}

/** The pipeline with `patch` applied to every step that runs this service; null if no step does. */
export function patchedPipeline(
  name: string,
  pipeline: Pipeline,
  service: string,
  patch: (step: ServiceStep | OutsideStep) => ServiceStep | OutsideStep,
): Pipeline | null {
  let isFound = false;
  const patched = <S extends ServiceStep | OutsideStep>(step: S): S | ServiceStep | OutsideStep => {
    if (stepPlan(name, step).service !== service) return step;
    isFound = true;
    return patch(step);
  };
  const steps = pipeline.steps.map((step) =>
    'branches' in step
      ? { ...step, branches: step.branches.map((branch) => branch.map(patched)) }
      : patched(step),
  );
  return isFound ? { ...pipeline, steps } : null;
}

/** The channels that an event goes to next, each with the rest of the route. More than one where the route branches. */
export function nextHops(route: Route): { channel: string; route: Route }[] {
  const [next, ...rest] = route;
  if (next === undefined) return [];
  if (typeof next === 'string') return [{ channel: next, route: rest }];
  return (next as Route[]).flatMap((branch) => nextHops([...branch, ...rest]));
}

/** The error in a route that came with an event; null: the route is valid. */
export function routeProblem(route: unknown, depth = 1): string | null {
  if (!Array.isArray(route) || depth > limits.ROUTE_DEPTH_MAX)
    return 'route must be a list of channels, and of branches of channels';
  for (const step of route) {
    const isChannel = typeof step === 'string' && isChannelName(step);
    if (typeof step === 'string' && !isChannel)
      return `route: "${step.slice(0, 140)}" is not a valid channel name`;
    const problem = isChannel ? null : routeProblem(step, depth + 1);
    if (problem) return problem;
  }
  return null;
}

/** These members as JSON text with a leading comma, in the order of the wire. */
export function pipelineMembersText({ traceparent, pipeline, route, params }: PipelineMembers): string {
  let text = '';
  if (traceparent !== undefined) text += `,"traceparent":"${traceparent}"`;
  if (pipeline !== undefined) text += `,"pipeline":${JSON.stringify(pipeline)}`;
  if (route && route.length > 0) text += `,"route":${JSON.stringify(route)}`;
  if (params !== undefined) text += `,"params":${JSON.stringify(params)}`;
  return text;
}
