import { invariant } from '../problems/errors.ts';

/** One argument of a Redis Function. */
export type Argument = string | number | Buffer;

/** The type of a field in Lua: a string, a number, or a boolean, which is sent as 1 or 0. */
type Kind = 'text' | 'number' | 'flag';

interface Kinds {
  text: Argument;
  number: number;
  flag: boolean;
}

type Fields = { readonly [name: string]: Kind };
/** How many arguments each item of a list takes. */
type Lists = { readonly [name: string]: number };

/** A value for each field; and for each list, the arguments of its items one after the other. */
type Values<F extends Fields, L extends Lists = Record<never, never>> = {
  readonly [N in keyof F]: Kinds[F[N]];
} & {
  readonly [N in keyof L]: readonly Argument[];
};

/** Arguments that a layout has encoded. It is a class, so that no other list can be passed by mistake. */
export class Arguments {
  readonly #list: Argument[] = [];

  /** The arguments in order. */
  get list(): Argument[] {
    return this.#list;
  }
}

/** The values that a layout encodes. */
export type ValuesOf<T> = T extends Layout<infer F, infer L> ? Values<F, L> : never;

/**
 * The arguments of a Redis Function, by name. Redis passes them without names: first the fields in the order given here, then
 * the length of each list, then the items of each list. The writer in TypeScript (`encode`) and the reader in Lua (`reader`)
 * both follow this definition, so neither can change alone.
 */
export class Layout<const F extends Fields, const L extends Lists = Record<never, never>> {
  readonly #fields: readonly [name: keyof F & string, kind: Kind][];
  readonly #lists: readonly [name: keyof L & string, width: number][];

  /** `lists`: how many arguments each item of a list takes. */
  constructor(fields: F, lists = {} as L) {
    this.#fields = Object.entries(fields);
    this.#lists = Object.entries(lists);
  }

  /** Encodes values. They are added to `after`, if given. */
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
   * The text of a Lua function `read_<name>(list, at)`, which reads arguments from index `at` on. It returns a table of the
   * fields, and the index after the last argument. For a list `events`, the table has `events` (the number of items), and
   * `eventsFirst` and `eventsLast` (the indexes of its first and last argument). To read an unknown field is an error.
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

/** Lua text that must precede the readers. */
export const READERS_NEED = `local strict = {
  __index = function(_, name) error('there is no field ' .. tostring(name) .. ' in core/lua/functions.ts') end,
}`;
