import { instantiate, type Exports } from '../runtime/webassembly.ts';

/** What framing.as exports: the loop, the sizes of the areas in its memory, and their addresses. */
type Wasm = Exports & { frame(from: number, to: number): number } & {
  [name in LayoutName]: { value: number };
};
type LayoutName =
  | ('ROWS' | 'DATA_BYTES' | 'TEXTS_BYTES' | 'ENTRIES' | 'PIECES_BYTES')
  | ('TIMES' | 'SUBJECTS' | 'STARTS' | 'ENDS' | 'DATA' | 'CACHE' | 'TEXTS')
  | ('OUT' | 'PLACES' | 'LENGTHS' | 'PIECES' | 'TABLE' | 'JOB' | 'DATE' | 'OFFSET');

/** Distance in the cache between the subjects of one owner and those of the next. framing.as has the same number. */
const OWNER_STEP = 40_503;

/** The index of each field of `Job` in framing.as, in units of four bytes. */
export const JobField = {
  dateLength: 2,
  owner: 3,
  isLogged: 4,
  dataShift: 5,
  placeShift: 6,
  offsetAt: 7,
  outAt: 8,
} as const;

/** The memory of framing.as; the comments there say what each area holds. Only cached texts stay from batch to batch. */
export class Framing {
  /** All bytes of the memory. */
  readonly bytes: Buffer;
  readonly layout: { readonly [name in LayoutName]: number };
  readonly frame: Wasm['frame'];
  readonly timesMs: Float64Array;
  readonly subjects: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** For each row: where its event begins in the output, and its length. */
  readonly places: Uint32Array;
  readonly lengths: Uint32Array;
  /** Four numbers for each entry: owner, subject, and the address and length of the text. */
  readonly cache: Uint32Array;
  /** The address and length of each text that all events share. */
  readonly table: Uint32Array;
  /** The arguments and results of `frame`, at the indexes of JobField. */
  readonly job: Uint32Array;
  /** The day of the current date text, in days since 1970. */
  readonly day: Float64Array;

  constructor() {
    const file = new URL('framing.wasm', import.meta.url);
    const { memory, frame, ...places } = instantiate<Wasm>(file);
    const { buffer } = memory;
    const layout = Object.fromEntries(Object.entries(places).map(([name, { value }]) => [name, value]));
    this.layout = layout as { [name in LayoutName]: number };
    this.frame = frame;
    this.bytes = Buffer.from(buffer);
    const { ROWS, ENTRIES, TIMES, SUBJECTS, STARTS, ENDS, PLACES, LENGTHS, CACHE, TABLE, JOB } = this.layout;
    this.timesMs = new Float64Array(buffer, TIMES, ROWS);
    this.subjects = new Uint32Array(buffer, SUBJECTS, ROWS);
    this.starts = new Uint32Array(buffer, STARTS, ROWS);
    this.ends = new Uint32Array(buffer, ENDS, ROWS);
    this.places = new Uint32Array(buffer, PLACES, ROWS);
    this.lengths = new Uint32Array(buffer, LENGTHS, ROWS);
    this.cache = new Uint32Array(buffer, CACHE, ENTRIES * 4);
    this.table = new Uint32Array(buffer, TABLE, 16);
    this.job = new Uint32Array(buffer, JOB, 9);
    this.day = new Float64Array(buffer, JOB, 1);
  }

  /** The index in `cache` of the entry that may hold this subject. */
  entry(owner: number, subject: number): number {
    return ((subject + Math.imul(owner, OWNER_STEP)) & (this.layout.ENTRIES - 1)) * 4;
  }
}
