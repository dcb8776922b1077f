import { instantiate, type Exports } from '../runtime/webassembly.ts';

/** What framing.as exports: the loop, how much fits into its memory, and where. */
type Wasm = Exports & { frame(from: number, to: number): number } & { [place in Address]: { value: number } };
type Address =
  | ('ROWS' | 'DATA_BYTES' | 'TEXTS_BYTES' | 'ENTRIES' | 'PIECES_BYTES')
  | ('TIMES' | 'SUBJECTS' | 'STARTS' | 'ENDS' | 'DATA' | 'CACHE' | 'TEXTS')
  | ('OUT' | 'PLACES' | 'LENGTHS' | 'PIECES' | 'TABLE' | 'JOB' | 'DATE' | 'OFFSET');

/** Subjects of one owner lie side by side in the cache, those of the next so far away. */
const OWNER_STEP = 40_503;

/** Cells of `Job` in framing.as, of four bytes each. */
export const JobField = {
  dateLength: 2,
  owner: 3,
  isLogged: 4,
  dataShift: 5,
  placeShift: 6,
  offsetAt: 7,
  outAt: 8,
} as const;

/** The memory of framing.as, which says what stands where. One a thread: nothing stays in it between two batches but texts. */
export class Framing {
  readonly bytes: Buffer;
  readonly place: { readonly [place in Address]: number };
  readonly frame: Wasm['frame'];
  readonly timesMs: Float64Array;
  readonly subjects: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  /** Of each row, where its event begins in `out`, and its length. */
  readonly places: Uint32Array;
  readonly lengths: Uint32Array;
  /** By subject: owner, subject, place and length of its text. */
  readonly cache: Uint32Array;
  /** Place and length of each text that all events share. */
  readonly table: Uint32Array;
  readonly job: Uint32Array;
  /** The day whose date is at hand, in days since 1970. */
  readonly day: Float64Array;

  constructor() {
    const file = new URL('framing.wasm', import.meta.url);
    const { memory, frame, ...places } = instantiate<Wasm>(file);
    const { buffer } = memory;
    const place = Object.fromEntries(Object.entries(places).map(([name, { value }]) => [name, value]));
    this.place = place as { [place in Address]: number };
    this.frame = frame;
    this.bytes = Buffer.from(buffer);
    const { ROWS, ENTRIES, TIMES, SUBJECTS, STARTS, ENDS, PLACES, LENGTHS, CACHE, TABLE, JOB } = this.place;
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

  /** Where in the cache the text of a subject is, if it is. */
  entry(owner: number, subject: number): number {
    return ((subject + Math.imul(owner, OWNER_STEP)) & (this.place.ENTRIES - 1)) * 4;
  }
}
