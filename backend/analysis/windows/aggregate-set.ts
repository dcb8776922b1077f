import { refusal } from '../../../core/problems/errors.ts';
import type { Data } from '../../../core/wire/event.ts';
import { compileValue } from '../../../core/wire/expression.ts';
import { aggregates, type Aggregate, type Accumulator } from './aggregates.ts';

/** The aggregates of a window: their partials side by side. */
export class AggregateSet {
  readonly #columns: Column[];

  /** `select`: name -> aggregate, such as `avg(speed_mps)`, `quantile(speed_mps, 0.95)`, `count()`. @throws refusal */
  constructor(select: { [name: string]: string }) {
    this.#columns = Object.entries(select).map(([name, text]) => column(name, text));
  }

  empty(): Accumulator[] {
    return this.#columns.map(({ aggregate }) => aggregate.empty());
  }

  /** What an event adds; the same for all windows that it is in. */
  values(data: Data): unknown[] {
    return this.#columns.map(({ value }) => (value === null ? true : value(data)));
  }

  /** Adds it, in place. */
  add(partials: Accumulator[], values: unknown[], timeMs: number): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (value === null || value === undefined) continue;
      partials[i] = this.#columns[i]!.aggregate.add(partials[i]!, value, timeMs);
    }
  }

  merge(a: Accumulator[], b: Accumulator[]): Accumulator[] {
    return this.#columns.map(({ aggregate }, i) => aggregate.merge(a[i]!, b[i]!));
  }

  result(partials: Accumulator[]): Data {
    return Object.fromEntries(
      this.#columns.map(({ name, aggregate }, i) => [name, aggregate.value(partials[i]!)]),
    );
  }
}

interface Column {
  name: string;
  aggregate: Aggregate;
  /** null: every event counts. */
  value: ((data: Data) => unknown) | null;
}

/** Members that a result has anyway. */
const TAKEN = ['window_start', 'window_end', 'by', 'correction'];

function column(name: string, text: string): Column {
  const wrong = (what: string) =>
    refusal('select_malformed', 422, `"${name}": "${text.slice(0, 200)}" ${what}.`, {
      hint: `Write for instance avg(speed_mps), quantile(speed_mps, 0.95) or count(). There are: ${Object.keys(aggregates).join(', ')}.`,
    });
  if (TAKEN.includes(name)) throw wrong('has a name that every result has already');
  const [, kindName = '', inner = ''] = /^\s*([a-z]+)\s*\((.*)\)\s*$/s.exec(text) ?? [];
  const kind = Object.hasOwn(aggregates, kindName) ? aggregates[kindName]! : null;
  if (!kind) throw wrong('is no aggregate');
  const comma = kind.argument ? inner.lastIndexOf(',') : -1;
  const argument = comma === -1 ? NaN : Number(inner.slice(comma + 1).trim() || NaN);
  if (kind.argument && !kind.argument.fits(argument)) throw wrong(`takes ${kind.argument.what} at its end`);
  const expression = (comma === -1 ? inner : inner.slice(0, comma)).trim();
  if (expression === '' && !kind.counts) throw wrong('says not of what');
  return {
    name,
    aggregate: kind.create(argument),
    value: expression === '' ? null : compileValue(expression),
  };
}
