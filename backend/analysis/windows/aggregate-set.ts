import { refusal } from '../../../core/problems/errors.ts';
import type { Data } from '../../../core/wire/event.ts';
import { compileValue } from '../../../core/wire/expression.ts';
import type { Unevaluated } from './unevaluated.ts';
import type { Accumulator, AccumulatorFunctions } from './accumulators.ts';
import { aggregateKind, aggregates } from './aggregates.ts';

/** The aggregates of a window, with their accumulators side by side. */
export class AggregateSet {
  readonly #columns: Column[];

  /** @param select name -> aggregate, such as `avg(speed_mps)` or `count()`. @throws refusal `select_malformed` */
  constructor(select: { [name: string]: string }, unevaluated: Unevaluated) {
    this.#columns = Object.entries(select).map(([name, text]) => parseColumn(name, text, unevaluated));
  }

  /** Accumulators before the first event. */
  empty(): Accumulator[] {
    return this.#columns.map(({ functions }) => functions.empty());
  }

  /** The values that an event adds; they are the same for all its windows. */
  values(data: Data): unknown[] {
    return this.#columns.map(({ value }) => (value === null ? true : value(data)));
  }

  /** Adds values to accumulators, in place. */
  add(accumulators: Accumulator[], values: unknown[], timeMs: number): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value === null || value === undefined) continue;
      accumulators[i] = this.#columns[i]!.functions.add(accumulators[i]!, value, timeMs);
    }
  }

  /** Accumulators of two windows that turn out to be one. */
  merge(a: Accumulator[], b: Accumulator[]): Accumulator[] {
    return this.#columns.map(({ functions }, i) => functions.merge(a[i]!, b[i]!));
  }

  /** The results by name. */
  result(accumulators: Accumulator[]): Data {
    return Object.fromEntries(
      this.#columns.map(({ name, functions }, i) => [name, functions.result(accumulators[i]!)]),
    );
  }
}

interface Column {
  name: string;
  functions: AccumulatorFunctions;
  /** null: every event counts. */
  value: ((data: Data) => unknown) | null;
}

/** Members that every result has. */
const RESERVED_NAMES = ['window_start', 'window_end', 'by', 'correction'];
/** `name(…)`: the name, and what stands between the parentheses. */
const CALL = /^\s*([a-z]+)\s*\((.*)\)\s*$/s;
const SHOWN_MAX = 200;

function parseColumn(name: string, text: string, unevaluated: Unevaluated): Column {
  const malformed = (what: string) =>
    refusal('select_malformed', `"${name}": "${text.slice(0, SHOWN_MAX)}" ${what}.`, {
      hint: `Write for instance ${aggregates.avg.example}, ${aggregates.quantile.example} or ${aggregates.count.example}. The aggregates are: ${Object.keys(aggregates).join(', ')}.`,
    });
  if (RESERVED_NAMES.includes(name)) throw malformed('uses a name that every result already has');
  const [, kindName = '', inner = ''] = CALL.exec(text) ?? [];
  const kind = aggregateKind(kindName);
  if (!kind) throw malformed('is not a valid aggregate');
  const comma = kind.argument ? inner.lastIndexOf(',') : -1;
  const argument = comma === -1 ? NaN : Number(inner.slice(comma + 1).trim() || NaN);
  if (kind.argument && !kind.argument.isValid(argument))
    throw malformed(`needs ${kind.argument.description} as its last argument`);
  const expression = (comma === -1 ? inner : inner.slice(0, comma)).trim();
  if (expression === '' && !kind.expressionIsOptional) throw malformed('needs an expression to aggregate');
  return {
    name,
    functions: kind.create(argument),
    value: expression === '' ? null : compileValue(expression, unevaluated.report),
  };
}
