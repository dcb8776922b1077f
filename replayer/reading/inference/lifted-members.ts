import type { Data } from '../../../core/wire/event.ts';
import { membersOf, objectOf, type JsonObject } from '../../formats/support/json-text.ts';
import { pairIn } from '../../formats/support/number-pair.ts';
import { memberReader } from './member-path.ts';

/** A member that a datum gets from a value elsewhere in it. Plain data, so that it can be sent to another thread. */
export interface LiftedMember {
  /** The member's name in the datum. */
  member: string;
  /** Where the value is: the path of a member. */
  path: string;
  /**
   * How to take the value: as it is; the first or second number of a pair that is written as one text (`48.1,11.5`,
   * `geo:48.1,11.5`, `POINT(11.5 48.1)`).
   */
  take?: 'first' | 'second';
  /** What a number is multiplied with, for another unit. */
  factor?: number;
}

/** Adds lifted members to the data of rows. A member that a datum has already stays, unless it is an object or an array. */
export class Lifter {
  readonly #lifts: { lift: LiftedMember; read: (values: Data) => unknown }[];

  constructor(lifts: readonly LiftedMember[]) {
    this.#lifts = lifts.map((lift) => ({ lift, read: memberReader(lift.path) }));
  }

  /** The datum with its lifted members before the others. */
  lift(values: Data, json: string): JsonObject {
    const found: [string, string][] = [];
    const replaced: string[] = [];
    for (const { lift, read } of this.#lifts) {
      const own = values[lift.member];
      if (own !== undefined && (typeof own !== 'object' || own === null)) continue;
      const value = taken(read(values), lift);
      if (value === undefined) continue;
      if (own !== undefined) replaced.push(lift.member);
      found.push([lift.member, JSON.stringify(value)]);
    }
    if (found.length === 0) return { values, json };
    if (replaced.length === 0) return withMembers(values, json, found);
    // The object that a lifted member takes the place of stays under another name.
    const members = Array.from(membersOf(json), ([name, text]): [string, string] => [
      replaced.includes(name) ? `${name}_object` : name,
      text,
    ]);
    return objectOf([...found, ...members], new Map());
  }
}

function withMembers(values: Data, json: string, found: [string, string][]): JsonObject {
  const data = { ...values };
  let text = '';
  for (const [name, value] of found) {
    data[name] = JSON.parse(value);
    text += `${JSON.stringify(name)}:${value},`;
  }
  const rest = json.slice(json.indexOf('{') + 1);
  return { values: data, json: `{${/^\s*\}/.test(rest) ? text.slice(0, -1) : text}${rest}` };
}

/** The value of a lifted member: a number, a text or a boolean; undefined where there is none. */
function taken(value: unknown, { take, factor }: LiftedMember): unknown {
  const simple = take === undefined ? value : pairIn(value)?.[take === 'first' ? 0 : 1];
  if (simple === null || simple === undefined || typeof simple === 'object') return undefined;
  if (factor === undefined) return simple;
  const number = typeof simple === 'string' && simple.trim() === '' ? NaN : Number(simple);
  return Number.isFinite(number) ? Number((number * factor).toPrecision(12)) : undefined;
}
