import { Environment } from '@marcbachmann/cel-js';
import { refusal } from '../problems/errors.ts';
import type { Data } from './event.ts';

/** The value of an expression for one datum. @throws Error where a member is missing, or of another type */
type Expression = (data: Data) => unknown;

const TEXT_MAX_CHARACTERS = 2_000;

/** Numbers of JSON are doubles, and people write 2, not 2.0: CEL by itself does not mix them. */
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

/**
 * Compiles an expression of the Common Expression Language (https://cel.dev) over the members of a datum, such as
 * `speed > 30 && vehicle_id.startsWith("bus")`; the datum itself is `data`, as in `has(data.speed)`. It can neither loop for
 * ever nor reach anything else.
 * @throws refusal `expression_malformed` saying where
 */
function compileExpression(text: string): Expression {
  if (text.length > TEXT_MAX_CHARACTERS)
    throw malformed(text, `it is longer than ${TEXT_MAX_CHARACTERS} characters`);
  try {
    const evaluate: Expression = environment.parse(text);
    return /\bdata\b/.test(text) ? (data) => evaluate({ ...data, data }) : evaluate;
  } catch (error) {
    const [what, , , mark] = (error as Error).message.split('\n');
    const column = mark ? mark.indexOf('^') - MARK_MARGIN : -1;
    throw malformed(text, `${what}${column > 0 ? ` at character ${column}` : ''}`, error);
  }
}

/** What stands before the text in the library's picture of where an error is. */
const MARK_MARGIN = '>    1 | '.length - 1;

/** Whether a datum is meant: the expression is true for it. One that lacks a member is not. @throws as compileExpression */
export function compilePredicate(text: string): (data: Data) => boolean {
  const evaluate = compileExpression(text);
  return (data) => {
    try {
      return evaluate(data) === true;
    } catch {
      return false;
    }
  };
}

/**
 * The value of an expression for a datum; undefined where the datum lacks a member that it needs. Whole numbers of CEL are
 * numbers here. @throws as compileExpression
 */
export function compileValue(text: string): (data: Data) => unknown {
  // A plain member is what nearly everybody asks for, and needs no interpreter.
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(text) && !LITERALS.has(text)) return (data) => data[text];
  const evaluate = compileExpression(text);
  return (data) => {
    try {
      const value = evaluate(data);
      return typeof value === 'bigint' ? Number(value) : value;
    } catch {
      return undefined;
    }
  };
}

const LITERALS = new Set(['true', 'false', 'null', 'data']);

function malformed(text: string, what: string, cause?: unknown): Error {
  return refusal('expression_malformed', `"${text.slice(0, 200)}" is no expression: ${what}.`, {
    hint: 'Write it in CEL, for instance: speed > 30 && vehicle_id == "bus-1".',
    cause,
  });
}
