import { Environment, type ASTNode } from '@marcbachmann/cel-js';
import { inputLimits } from '../../schemas/input-limits.ts';
import { compilePattern } from '../../schemas/pattern.ts';
import { refusal } from '../problems/errors.ts';
import { bounded, original, TooCostly, withinBounds } from './bounded-cel.ts';
import type { Data } from './event.ts';

const CHARACTERS_MAX = inputLimits.expressionCharacters.max;
const MACRO_DEPTH_MAX = inputLimits.macroDepth.max;

/** Evaluates an expression for one datum. @throws Error if a member is missing or has another type, or it costs too much */
type Expression = (data: Data) => unknown;

/**
 * Is told why an expression could not be evaluated for a datum, unless the datum just lacks a member.
 * @param isCostly it took too many steps; else a member has a type that the expression can't use
 */
export type ReportUnevaluated = (reason: string, isCostly: boolean) => void;

/** CEL does not mix integers and doubles. All numbers in JSON are doubles, and people write 2, so we add the operators. */
const environment = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });
const ARITHMETIC: { [operator: string]: (a: number, b: number) => number } = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
};
for (const [operator, calculate] of Object.entries(ARITHMETIC)) {
  for (const types of ['double|int', 'int|double', ...(operator === '%' ? ['double|double'] : [])]) {
    const [left, right] = types.split('|') as [string, string];
    const handler = (a: unknown, b: unknown) => calculate(Number(a), Number(b));
    environment.registerOperator(`${left} ${operator} ${right}`, handler);
  }
}
bounded(environment);

/** The variables of an expression: the members of a datum that are its own, and `data`, the datum itself. */
class Variables extends Map<string, unknown> {
  data: Data = {};

  override get(name: string): unknown {
    if (name === 'data') return this.data;
    return Object.hasOwn(this.data, name) ? this.data[name] : undefined;
  }
}

/**
 * Compiles an expression of the Common Expression Language (https://cel.dev) over the members of a datum, such as
 * `speed > 30 && vehicle_id.startsWith("bus")`. The datum itself is `data`, as in `has(data.speed)`. An expression sees
 * nothing but the datum, and one evaluation takes a bounded time.
 * @throws refusal `expression_malformed`, with the place of the error
 */
function compileExpression(text: string, type: 'bool' | 'dyn'): Expression {
  if (text.length > CHARACTERS_MAX) throw malformed(text, `it is longer than ${CHARACTERS_MAX} characters`);
  try {
    const parsed = environment.parse(text);
    const checked = parsed.check();
    if (!checked.valid) throw checked.error!;
    if (type === 'bool' && checked.type !== 'bool' && checked.type !== 'dyn')
      throw new Error(`it is neither true nor false, but of type ${checked.type}`);
    checkNode(parsed.ast, 0);
  } catch (error) {
    const [what, , , mark] = (error as Error).message.split('\n');
    const column = error instanceof Misplaced ? error.column : mark ? mark.indexOf('^') - MARK_MARGIN : -1;
    throw malformed(text, `${what}${column > 0 ? ` at character ${column}` : ''}`, error);
  }
  // What stands within a call is evaluated like all inner parts, and thus counted. The line may end in a comment.
  const evaluate = environment.parse(`dyn(${text}\n)`);
  const variables = new Variables();
  return (data) => {
    variables.data = data;
    return withinBounds(evaluate, variables);
  };
}

/** What the library puts before the text when it marks the place of an error. */
const MARK_MARGIN = '>    1 | '.length - 1;

const MACROS = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);
/** The library leaves these keys out of a map. */
const LOST_KEYS: unknown[] = ['__proto__', 'constructor', 'prototype'];

/** Something is wrong at a place of the expression. */
class Misplaced extends Error {
  readonly column: number;

  constructor({ start, input }: ASTNode, what: string) {
    super(what);
    this.column = start - (input.lastIndexOf('\n', start - 1) + 1) + 1;
  }
}

/** Checks what the library does not: how deep macros are nested, patterns, and keys of maps. @throws Misplaced */
function checkNode(node: ASTNode, depth: number): void {
  if (node.op === 'map')
    for (const [key] of node.args)
      if (key.op === 'value' && LOST_KEYS.includes(key.args))
        throw new Misplaced(key, `a map can't have the key "${String(key.args)}"`);
  if (node.op !== 'rcall') return partsOf(node.args).forEach((part) => checkNode(part, depth));
  const [name, receiver, args] = node.args;
  const isMacro = MACROS.has(name);
  if (isMacro && depth === MACRO_DEPTH_MAX)
    throw new Misplaced(node, `macros stand within macros more than ${MACRO_DEPTH_MAX} deep`);
  const pattern = name === 'matches' ? args[0] : undefined;
  if (pattern?.op === 'value' && typeof pattern.args === 'string') checkPattern(pattern, pattern.args);
  checkNode(receiver, depth);
  for (const arg of args) checkNode(arg, depth + Number(isMacro));
}

function checkPattern(node: ASTNode, text: string): void {
  try {
    compilePattern(text);
  } catch (error) {
    throw new Misplaced(node, `"${text.slice(0, 80)}" is not a valid pattern: ${(error as Error).message}`);
  }
}

function partsOf(args: unknown): ASTNode[] {
  if (Array.isArray(args)) return args.flatMap(partsOf);
  return typeof args === 'object' && args !== null && 'op' in args ? [args as ASTNode] : [];
}

/** Codes of the library for a member, or an element of a list, that is not there. */
const MISSING: unknown[] = ['unknown_variable', 'no_such_key', 'index_out_of_range'];

function reported(error: unknown, report: ReportUnevaluated | undefined): void {
  if (!report || MISSING.includes((error as { code?: unknown }).code)) return;
  report((error as Error).message.split('\n')[0]!, error instanceof TooCostly);
}

/**
 * Compiles a condition on data. It is false for a datum that lacks a member which the expression needs, and for one that it
 * can't be evaluated for: `report` is told why.
 * @throws refusal `expression_malformed`, with the place of the error
 */
export function compilePredicate(text: string, report?: ReportUnevaluated): (data: Data) => boolean {
  const evaluate = compileExpression(text, 'bool');
  return (data) => {
    try {
      const value = evaluate(data);
      if (typeof value !== 'boolean') report?.(`it is neither true nor false, but ${typeof value}`, false);
      return value === true;
    } catch (error) {
      reported(error, report);
      return false;
    }
  };
}

/**
 * Compiles a value of data. It is undefined for a datum that lacks a member which the expression needs, and for one that it
 * can't be evaluated for: `report` is told why. Integers of CEL become numbers.
 * @throws refusal `expression_malformed`, with the place of the error
 */
export function compileValue(text: string, report?: ReportUnevaluated): (data: Data) => unknown {
  // Nearly every expression is the name of a member, which needs no interpreter.
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && !LITERALS.has(text))
    return (data) => (Object.hasOwn(data, text) ? data[text] : undefined);
  const evaluate = compileExpression(text, 'dyn');
  // Without a call, a list or a map, the value is a part of the datum.
  const isBuilt = /[([{]/.test(text);
  return (data) => {
    try {
      const value = evaluate(data);
      return isBuilt || typeof value !== 'object' ? plain(value) : original(value);
    } catch (error) {
      reported(error, report);
      return undefined;
    }
  };
}

const LITERALS = new Set(['true', 'false', 'null', 'data']);

/** A value as JSON has it. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) return original(value);
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

function malformed(text: string, what: string, cause?: unknown): Error {
  return refusal('expression_malformed', `"${text.slice(0, 200)}" is not a valid expression: ${what}.`, {
    hint: 'Write it in CEL, for instance: speed > 30 && vehicle_id == "bus-1".',
    cause,
  });
}
