import type { CloudEvent, OutsideStep, Pipeline, ServiceConfig, ServiceStep } from '../../schemas/types.ts';
import { isChannelName } from './channels.ts';
import { refusal } from '../problems/errors.ts';
import { durationMs } from '../time/duration.ts';
import { limits } from './limits.ts';

/** The channels that an event still has to visit; a list of lists parts into branches. */
export type Route = NonNullable<CloudEvent['route']>;

/** What an event carries through a pipeline, and what of it stays the same on all of its way. */
export type Carried = Pick<CloudEvent, 'pipeline' | 'route' | 'params' | 'traceparent'>;

/** A step as it runs: the channel it reads, and the service that reads it. */
export interface StepPlan {
  /** No two of a pipeline have the same. */
  name: string;
  channel: string;
  /** The service's name among all services. */
  service: string;
  /** How it runs here; null: it runs elsewhere. */
  config: ServiceConfig | null;
  params: { [name: string]: unknown };
  state: 'running' | 'stopped';
  retries: number;
  backoffMs: number;
}

/** What a pipeline comes to: what has to run, and which way its events go. */
export interface PipelinePlan {
  steps: StepPlan[];
  /** The channel of the first step: what is put there with the rest of the way goes through the pipeline. */
  input: string;
  /** All channels from the second step's to that of the results. */
  route: Route;
  /** Where results come out. */
  to: string;
  /** `params` of events that bring none: those of services that run elsewhere, which know no step but their own name. */
  params: string | null;
}

const RETRIES = 3;
const BACKOFF = '1s';

/** A step that only lets events part. */
const ENTER: ServiceStep = { service: 'copy', name: 'enter' };

/** Lays a pipeline out. @throws refusal `config_invalid` where two steps have one name */
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
        `Two steps are "${service}": an event can carry parameters for it only once.`,
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
  // What a timer leads to is on no event's way.
  const config: ServiceConfig = {
    use: step.service,
    input: channel,
    output: `${channel}.out`,
    params,
    state,
  };
  return { name, channel, service: channel, config, ...rest };
}

/** A pipeline with other state or parameters of the steps that are a service. Null where none is. */
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

/** Where an event goes next, and which way it has from there. */
export function nextHops(route: Route): { channel: string; route: Route }[] {
  const [next, ...rest] = route;
  if (next === undefined) return [];
  if (typeof next === 'string') return [{ channel: next, route: rest }];
  return (next as Route[]).flatMap((branch) => nextHops([...branch, ...rest]));
}

/** What is wrong with a route that an event brings; null: nothing. */
export function routeProblem(route: unknown, depth = 1): string | null {
  if (!Array.isArray(route) || depth > limits.ROUTE_DEPTH_MAX)
    return 'route must be a list of channels, and of branches of channels';
  for (const step of route) {
    const isChannel = typeof step === 'string' && isChannelName(step);
    if (typeof step === 'string' && !isChannel) return `route: "${step.slice(0, 140)}" can't be a channel`;
    const problem = isChannel ? null : routeProblem(step, depth + 1);
    if (problem) return problem;
  }
  return null;
}

/** Members of an event as JSON text with a leading comma, as they stand on the wire. */
export function carriedText({ traceparent, pipeline, route, params }: Carried): string {
  let text = '';
  if (traceparent !== undefined) text += `,"traceparent":"${traceparent}"`;
  if (pipeline !== undefined) text += `,"pipeline":${JSON.stringify(pipeline)}`;
  if (route && route.length > 0) text += `,"route":${JSON.stringify(route)}`;
  if (params !== undefined) text += `,"params":${JSON.stringify(params)}`;
  return text;
}
