import { Environment } from '@marcbachmann/cel-js';
import { refusal } from '../problems/errors.ts';
import type { Data } from './event.ts';

/** Evaluates an expression for one datum. @throws Error if a member is missing or has another type */
type Expression = (data: Data) => unknown;

const TEXT_MAX_CHARACTERS = 2_000;

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

/**
 * Compiles an expression of the Common Expression Language (https://cel.dev) over the members of a datum, such as
 * `speed > 30 && vehicle_id.startsWith("bus")`. The datum itself is `data`, as in `has(data.speed)`. An expression always
 * ends, and sees nothing but the datum.
 * @throws refusal `expression_malformed`, with the place of the error
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

/** What the library puts before the text when it marks the place of an error. */
const MARK_MARGIN = '>    1 | '.length - 1;

/**
 * Compiles a condition on data. It is false for a datum that lacks a member which the expression needs.
 * @throws refusal `expression_malformed`, with the place of the error
 */
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
 * Compiles a value of data. It is undefined for a datum that lacks a member which the expression needs. Integers of CEL become
 * numbers.
 * @throws refusal `expression_malformed`, with the place of the error
 */
export function compileValue(text: string): (data: Data) => unknown {
  // Nearly every expression is the name of a member, which needs no interpreter.
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
  return refusal('expression_malformed', `"${text.slice(0, 200)}" is not a valid expression: ${what}.`, {
    hint: 'Write it in CEL, for instance: speed > 30 && vehicle_id == "bus-1".',
    cause,
  });
}
