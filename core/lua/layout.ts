import { invariant } from '../problems/errors.ts';

/** What a Redis Function takes as one argument. */
export type Argument = string | number;

/** How a field is read in Lua: as it is, as a number, or as true or false (1 or 0 on the way). */
type Kind = 'text' | 'number' | 'flag';

interface Kinds {
  text: Argument;
  number: number;
  flag: boolean;
}

type Fields = { readonly [name: string]: Kind };
/** How many arguments an item of each list takes. */
type Lists = { readonly [name: string]: number };

/** A value for each field, and each list as its arguments, one item after the other. */
type Values<F extends Fields, L extends Lists = Record<never, never>> = {
  readonly [N in keyof F]: Kinds[F[N]];
} & {
  readonly [N in keyof L]: readonly Argument[];
};

/** Arguments that a layout has encoded. A plain list can't take their place. */
export class Arguments {
  readonly #list: Argument[] = [];

  get list(): Argument[] {
    return this.#list;
  }
}

/** What one layout encodes. */
export type ValuesOf<T> = T extends Layout<infer F, infer L> ? Values<F, L> : never;

/**
 * Arguments of a Redis Function by name. On the wire they have no names: the fields come first, in the order given here, then
 * the length of each list, then the items of each list. Both the writer in TypeScript (`encode`) and the reader in Lua
 * (`reader`) are made from this one definition, so neither can change alone.
 */
export class Layout<const F extends Fields, const L extends Lists = Record<never, never>> {
  readonly #fields: readonly [name: keyof F & string, kind: Kind][];
  readonly #lists: readonly [name: keyof L & string, width: number][];

  constructor(fields: F, lists = {} as L) {
    this.#fields = Object.entries(fields);
    this.#lists = Object.entries(lists);
  }

  /** The arguments, after those that were encoded before. */
  encode(values: Values<F, L>, after = new Arguments()): Arguments {
    const out = after.list;
    for (const [name] of this.#fields) {
      const value: Argument | boolean = values[name];
      out.push(typeof value === 'boolean' ? Number(value) : value);
    }
    for (const [name, width] of this.#lists) {
      const items = values[name].length / width;
      if (!Number.isInteger(items)) throw invariant(`An item of "${name}" takes ${width} arguments.`);
      out.push(items);
    }
    for (const [name] of this.#lists) for (const item of values[name]) out.push(item);
    return after;
  }

  /**
   * The Lua function `read_<name>(list, at)`. It answers a table of the fields, and where the next argument stands. For a list
   * `events` the table has `events` (how many items), `eventsFirst` and `eventsLast` (where they stand: none where the last is
   * before the first). A field that the table does not have is an error, not nil.
   */
  reader(name: string): string {
    const at = (index: number) => (index === 0 ? 'list[at]' : `list[at + ${index}]`);
    const read = {
      text: at,
      number: (i: number) => `tonumber(${at(i)})`,
      flag: (i: number) => `${at(i)} == '1'`,
    };
    const members = this.#fields.map(([field, kind], i) => `${field} = ${read[kind](i)}`);
    const lines: string[] = [];
    const begin = this.#fields.length;
    let next = `at + ${begin + this.#lists.length}`;
    this.#lists.forEach(([list, width], i) => {
      lines.push(`  local ${list}, ${list}First = tonumber(${at(begin + i)}), ${next}`);
      next = `${list}First + ${list}${width === 1 ? '' : ` * ${width}`}`;
      members.push(`${list} = ${list}`, `${list}First = ${list}First`, `${list}Last = ${next} - 1`);
    });
    return [
      `local function read_${name}(list, at)`,
      ...lines,
      `  return setmetatable({ ${members.join(', ')} }, strict), ${next}`,
      'end',
    ].join('\n');
  }
}

/** What the readers stand on. */
export const READERS_NEED = `local strict = {
  __index = function(_, name) error('there is no field ' .. tostring(name) .. ' in core/lua/functions.ts') end,
}`;
