import type { ErrorObject } from 'ajv';
import { diagnose } from '../../schemas/index.ts';

/** An error at one place of a JSON document. */
export interface Flaw {
  /** JSON pointer (RFC 6901) to the value, or to the member that should not exist. */
  pointer: string;
  /** What is expected there. It continues a sentence that begins with the place. */
  message: string;
}

/** Keywords whose errors only repeat the errors of their branches. */
const SUMMARIES = new Set(['oneOf', 'anyOf', 'if', 'propertyNames']);

/** Everything in a value that its schema does not allow. Empty: the value is valid. */
export function flaws(schema: object, value: unknown): Flaw[] {
  const errors = diagnose(schema, value);
  let found = errors.filter(({ keyword }) => !SUMMARIES.has(keyword));
  for (const { keyword, instancePath } of errors)
    if (keyword === 'oneOf' || keyword === 'anyOf') found = ofLikeliestBranch(found, instancePath);
  return found.map(flaw);
}

/**
 * At a choice, every branch reports errors. Keeps those of the branch that the author most likely meant: the one that
 * matched deepest, and among these the one with the fewest errors.
 */
function ofLikeliestBranch(errors: ErrorObject[], choice: string): ErrorObject[] {
  const under = errors.filter((error) => `${error.instancePath}/`.startsWith(`${choice}/`));
  const depth = ({ instancePath }: ErrorObject) => instancePath.split('/').length;
  const deepest = Math.max(...under.map(depth));
  const branches = new Map<unknown, ErrorObject[]>();
  for (const error of under.filter((each) => depth(each) === deepest))
    branches.set(error.parentSchema, [...(branches.get(error.parentSchema) ?? []), error]);
  const badness = (branch: ErrorObject[]) =>
    branch.length + (branch.some(({ keyword }) => keyword === 'type') ? under.length : 0);
  const least = Math.min(...Array.from(branches.values(), badness));
  const kept = new Set([...branches.values()].filter((branch) => badness(branch) === least).flat());
  return errors.filter((error) => kept.has(error) || !under.includes(error));
}

/** `endpoints[2].path must be string, is 3`: a flaw as a sentence without its full stop. */
export function sentenceOf({ pointer, message }: Flaw): string {
  const steps = stepsOf(pointer);
  const path = steps.map((step, i) => (/^\d+$/.test(step) ? `[${step}]` : i === 0 ? step : `.${step}`));
  return steps.length === 0 ? message : `${path.join('')} ${message}`;
}

/** A member's name, escaped for a JSON pointer. */
export const escaped = (name: string): string => name.replaceAll('~', '~0').replaceAll('/', '~1');

/** The names and indexes along a JSON pointer, unescaped. */
export const stepsOf = (pointer: string): string[] =>
  pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));

function flaw({
  instancePath,
  keyword,
  params,
  message,
  parentSchema,
  propertyName,
  data,
}: ErrorObject): Flaw {
  const told = params as { additionalProperty?: string; missingProperty?: string; allowedValues?: unknown[] };
  const members = (parentSchema?.['properties'] ?? {}) as { [name: string]: { description?: string } };
  const member = (name: string) => `${instancePath}/${escaped(name)}`;
  const is = typeof data === 'object' && data !== null ? '' : `, is ${JSON.stringify(data)?.slice(0, 80)}`;
  if (propertyName !== undefined)
    return { pointer: member(propertyName), message: `is not a valid name: a name here ${message}` };
  switch (keyword) {
    case 'additionalProperties': {
      const known = Object.keys(members).filter((name) => name !== '$schema');
      return {
        pointer: member(told.additionalProperty!),
        message: `is not known; known are: ${known.join(', ')}`,
      };
    }
    case 'required': {
      const about = members[told.missingProperty!]?.description?.replace(/\.$/, '');
      return {
        pointer: instancePath,
        message: `lacks "${told.missingProperty}"${about ? ` (${about})` : ''}`,
      };
    }
    case 'enum':
      return { pointer: instancePath, message: `must be one of ${told.allowedValues!.join(', ')}${is}` };
    case 'const':
      return { pointer: instancePath, message: `must be ${JSON.stringify(params['allowedValue'])}${is}` };
    case 'pattern': {
      const about = parentSchema?.['description'] as string | undefined;
      return {
        pointer: instancePath,
        message: `${message}${about ? ` (${about.replace(/\.$/, '')})` : ''}${is}`,
      };
    }
    default:
      return { pointer: instancePath, message: `${message ?? keyword}${is}` };
  }
}
