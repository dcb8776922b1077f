import type { Environment } from '@marcbachmann/cel-js';
import { inputLimits } from '../../schemas/input-limits.ts';
import { compilePattern, type Pattern } from '../../schemas/pattern.ts';
import { invariant } from '../problems/errors.ts';

/**
 * CEL with a bound on what one evaluation costs. The library has no such bound, but evaluates every part of an expression by
 * `run` of its evaluator, which it gives to functions as `this`. `run` is replaced by one that counts. A step is one part
 * of the expression, evaluated once, or 64 characters or one element that it yields. `matches` runs on RE2.
 */

/** The part of an expression that the library evaluates at once. */
interface Node {
  op: string;
  args: unknown[];
  evaluate(evaluator: Evaluator, node: Node, context: unknown): unknown;
  /** Applies the function or operator to values: those of a call as a list, those of an operator one by one. */
  handle(...values: unknown[]): unknown;
}

interface Evaluator {
  run(node: Node, context: unknown): unknown;
  debugType(value: unknown): unknown;
}

/** An evaluation took too many steps. */
export class TooCostly extends Error {}

const STEPS_MAX = inputLimits.expressionSteps.max;
/** Compiled patterns that are kept; those of data may be different ones in each event. */
const PATTERNS_MAX = 200;
/** Characters of a text that count as one step. */
const CHARACTERS_A_STEP = 64;
/** Looking for one text in another compares each character with each at worst, this many a step. */
const COMPARISONS_A_STEP = 1_024;
/** Instructions of a pattern that count as one step; a pattern may need each of them for each character. */
const INSTRUCTIONS_A_STEP = 10;
/** A time in another zone, as in `getHours("Europe/Berlin")`: it takes JavaScript 0.1 ms. */
const ZONE_STEPS = 1_000;
/** The longest text that is read as a duration: the library's reader goes back and forth in it. */
const DURATION_MAX_CHARACTERS = 100;
/** What compiling a pattern costs. */
const PATTERN_STEPS = 1_000;
/** Methods whose cost shows neither in what they are given nor in what they yield. */
const PAID_BEFORE = new Set(['matches', 'contains', 'indexOf', 'lastIndexOf', 'split', 'join']);

/** The steps of the evaluation under way. */
let steps = 0;

function spend(more: number): void {
  steps += more;
  if (steps > STEPS_MAX) throw new TooCostly(`it takes more than ${STEPS_MAX} steps`);
}

function run(this: Evaluator, node: Node, context: unknown): unknown {
  spend(1);
  const value = evaluated(this, node, context);
  if (typeof value === 'string') spend(value.length / CHARACTERS_A_STEP);
  else if (Array.isArray(value)) spend(value.length);
  return isDisguised(value) ? asMap(value) : value;
}

function evaluated(evaluator: Evaluator, node: Node, context: unknown): unknown {
  switch (node.op) {
    case 'rcall': {
      const [name, , args] = node.args as [string, Node, Node[]];
      const isPaidBefore = PAID_BEFORE.has(name) || (args.length === 1 && name.startsWith('get'));
      return isPaidBefore ? called(evaluator, node, context) : node.evaluate(evaluator, node, context);
    }
    case 'call':
      return node.args[0] === 'duration'
        ? duration(evaluator, node, context)
        : node.evaluate(evaluator, node, context);
    case '==':
    case '!=':
    case 'in': {
      const left = evaluator.run(node.args[0] as Node, context);
      const right = evaluator.run(node.args[1] as Node, context);
      if (typeof left === 'object') spend(sizeOf(right));
      return node.handle(left, right, node, evaluator);
    }
    default:
      return node.evaluate(evaluator, node, context);
  }
}

function called(evaluator: Evaluator, node: Node, context: unknown): unknown {
  const [name, receiver, args] = node.args as [string, Node, Node[]];
  const values = [receiver, ...args].map((part) => evaluator.run(part, context));
  if (name === 'matches' && values.every(isText)) return matches(values);
  spend(costOf(name, values));
  return node.handle(values, evaluator, node);
}

function duration(evaluator: Evaluator, node: Node, context: unknown): unknown {
  const values = (node.args[1] as Node[]).map((part) => evaluator.run(part, context));
  if (isText(values[0]) && values[0].length > DURATION_MAX_CHARACTERS)
    throw new Error(`a duration has at most ${DURATION_MAX_CHARACTERS} characters`);
  return node.handle(values, node, evaluator);
}

const isText = (value: unknown): value is string => typeof value === 'string';

function costOf(name: string, [receiver, other]: unknown[]): number {
  if (name === 'join')
    return Array.isArray(receiver) && isText(other)
      ? (receiver.length * other.length) / CHARACTERS_A_STEP
      : 0;
  if (!PAID_BEFORE.has(name)) return ZONE_STEPS;
  return isText(receiver) && isText(other) ? (receiver.length * other.length) / COMPARISONS_A_STEP : 0;
}

/** The number of values within a value; counting stops where nobody could pay for them. */
function sizeOf(value: unknown): number {
  let size = 0;
  const open: unknown[] = [value];
  while (open.length > 0 && size <= STEPS_MAX) {
    const next = open.pop();
    if (typeof next === 'string') size += next.length / CHARACTERS_A_STEP;
    if (typeof next !== 'object' || next === null) continue;
    const inner: unknown[] = next instanceof Map ? [...next.values()] : Object.values(next);
    size += inner.length;
    for (const each of inner) open.push(each);
  }
  return size;
}

/** Patterns by their text, the most recently used last. */
const patterns = new Map<string, Pattern>();

function matches([text, patternText]: string[]): boolean {
  const pattern = patterns.get(patternText!) ?? compiled(patternText!);
  patterns.delete(patternText!);
  patterns.set(patternText!, pattern);
  if (patterns.size > PATTERNS_MAX) patterns.delete(patterns.keys().next().value!);
  spend((text!.length * pattern.instructions) / INSTRUCTIONS_A_STEP);
  return pattern.test(text!);
}

function compiled(text: string): Pattern {
  const pattern = compilePattern(text);
  spend(PATTERN_STEPS + pattern.instructions);
  return pattern;
}

/** The objects that the library sees as maps, because it tells by a member `constructor` what an object is. */
const objects = new WeakMap<object, object>();

function asMap(object: object): object {
  const map = new Map(Object.entries(object));
  objects.set(map, object);
  return map;
}

/** What an expression yields, as it stood in the datum. */
export const original = (value: unknown): unknown =>
  value instanceof Map ? (objects.get(value) ?? Object.fromEntries(value)) : value;

const isDisguised = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, 'constructor');

/** Makes an environment count its steps. */
export function bounded(environment: Environment): Environment {
  environment.registerFunction('evaluator_(): dyn', function (this: Evaluator) {
    return { own: [this] };
  });
  const { own } = environment.evaluate('evaluator_()') as { own: [Evaluator | undefined] };
  const [evaluator] = own;
  if (typeof evaluator?.run !== 'function' || typeof evaluator.debugType !== 'function')
    throw invariant(
      'The library of expressions has another evaluator than core/wire/bounded-cel.ts expects.',
    );
  evaluator.run = run;
  const typeOf = evaluator.debugType.bind(evaluator);
  evaluator.debugType = (value) => typeOf(isDisguised(value) ? {} : value);
  return environment;
}

/** Evaluates an expression with a full purse. @throws TooCostly, also where the expression itself has caught it */
export function withinBounds(evaluate: (variables: object) => unknown, variables: object): unknown {
  steps = 0;
  const value = evaluate(variables);
  spend(0);
  return value;
}
