import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { channelSpec, dataValidator } from '../core/channels.ts';
import type { Data, Record } from '../core/event.ts';
import { refusal } from '../core/errors.ts';
import type { Config, RecordingOptions } from '../schemas/types.ts';
import { formatOf } from './formats/index.ts';
import type { Format, Row } from './formats/format.ts';
import { infer, slug, type Reading } from './inference.ts';
import { mapper, type Mapper } from './mapping.ts';
import { reordered, sorted, type Disorder } from './order.ts';
import { readText } from './text.ts';

/** A file whose text is up to this is put in order as a whole; a larger one within a window. */
const MEMORY_MAX_CHARACTERS = 200_000_000;
const SAMPLE_ROWS = 1_000;
const SAMPLE_CHARACTERS = 1 << 20;

/** A row that can't be played. */
export interface Refusal {
  channel: string;
  file: string;
  line: number;
  reason: string;
  content: string;
}

export interface OpenOptions extends Omit<RecordingOptions, 'id'> {
  rename?: ReadonlyMap<string, string>;
  channels?: Config['channels'];
  /** Hears of every row that can't be played. */
  refuse?: (refusals: Refusal[]) => void;
}

/** One file, understood and in time order. */
export class Recording {
  readonly file: string;
  readonly format: string;
  readonly reading: Reading;
  readonly disorder: Disorder = { reordered: 0, late: 0 };
  refused = 0;
  readonly #path: string;
  readonly #format: Format;
  readonly #map: Mapper;
  readonly #refuse: (refusals: Refusal[]) => void;
  /** The whole recording in order, where it fits. */
  #records: Record[] | null = null;
  #startMs = NaN;

  private constructor(path: string, format: Format, reading: Reading, options: OpenOptions) {
    this.file = basename(path);
    this.format = format.name;
    this.reading = reading;
    this.#path = path;
    this.#format = format;
    this.#refuse = options.refuse ?? (() => {});
    this.#map = mapper(
      reading,
      slug(path),
      dataValidator(channelSpec(reading.channel.value, options.channels)),
    );
  }

  /**
   * Looks at the file, infers what was not said, and reads it into memory where it fits.
   * @throws refusal when there is no such file, nothing in it can be played, or an option is missing (it says which)
   */
  static async open(path: string, options: OpenOptions = {}): Promise<Recording> {
    const info = await stat(path).catch(() => null);
    if (!info?.isFile())
      throw refusal('recording_unknown', 404, `There is no file ${path}.`, { hint: 'Check the path.' });
    if (info.size === 0)
      throw refusal('recording_empty', 422, `${basename(path)} is empty.`, {
        hint: 'Record or choose another file.',
      });
    const { format, sample, problem } = await look(path);
    if (sample.length === 0) {
      throw refusal(
        'recording_unplayable',
        422,
        `${basename(path)} has no row that can be read as ${format.name}${problem ? `: ${problem}` : '.'}`,
        {
          hint: 'CSV needs a header line; NDJSON one JSON object a line.',
        },
      );
    }
    const recording = new Recording(path, format, infer(basename(path), sample, options), options);
    await recording.#load(path.endsWith('.gz') ? info.size * 2 : info.size);
    return recording;
  }

  get channel(): string {
    return this.reading.channel.value;
  }

  /** Time of the first record, epoch ms. */
  get startMs(): number {
    return this.#startMs;
  }

  /** Time of the last record, epoch ms; null where only a full reading would tell. */
  get endMs(): number | null {
    return this.#records?.at(-1)?.timeMs ?? null;
  }

  /** How many records there are; null where only a full reading would tell. */
  get count(): number | null {
    return this.#records?.length ?? null;
  }

  /** Records from the given time on, in time order, in chunks. */
  async *records(fromMs = -Infinity): AsyncGenerator<Record[]> {
    if (this.#records) {
      for (let at = lowerBound(this.#records, fromMs); at < this.#records.length; at += SAMPLE_ROWS) {
        yield this.#records.slice(at, at + SAMPLE_ROWS);
      }
      return;
    }
    this.disorder.reordered = this.disorder.late = this.refused = 0;
    for await (const chunk of reordered(this.#read(), this.disorder)) {
      if (chunk.at(-1)!.timeMs < fromMs) continue;
      yield chunk[0]!.timeMs >= fromMs ? chunk : chunk.filter((record) => record.timeMs >= fromMs);
    }
  }

  async #load(bytes: number): Promise<void> {
    if (bytes <= MEMORY_MAX_CHARACTERS) {
      const size = { characters: 0 };
      this.#records = await sorted(
        this.#read(size),
        this.disorder,
        () => size.characters <= MEMORY_MAX_CHARACTERS,
      );
    }
    for await (const [first] of this.records()) {
      this.#startMs = first!.timeMs;
      break;
    }
    if (Number.isNaN(this.#startMs)) {
      throw refusal(
        'recording_unplayable',
        422,
        `No row of ${this.file} can be played on channel "${this.channel}".`,
        {
          hint: `All ${this.refused} were refused; GET /api/v1/deadletters says why. ${this.lastReason}`,
        },
      );
    }
  }

  /** Why the last refused row was. */
  lastReason = '';

  /** Records in file order; refused rows are told and left out. */
  async *#read(size = { characters: 0 }): AsyncGenerator<Record[]> {
    const text = counted(readText(this.#path), size);
    for await (const rows of this.#format.rows(text, { rename: this.reading.rename.value })) {
      const records: Record[] = [];
      const refusals: Refusal[] = [];
      for (const row of rows) {
        const record = this.#map(row);
        if (typeof record !== 'string') records.push(record);
        else
          refusals.push({
            channel: this.channel,
            file: this.file,
            line: row.line,
            reason: record,
            content: row.text ?? row.json ?? JSON.stringify(row.values),
          });
      }
      if (refusals.length > 0) {
        this.refused += refusals.length;
        this.lastReason = refusals.at(-1)!.reason;
        this.#refuse(refusals);
      }
      if (records.length > 0) yield records;
    }
  }
}

/** Reads the beginning of a file: its format, the rows that can be read, and what is wrong with the first that can't. */
async function look(path: string): Promise<{ format: Format; sample: Data[]; problem: string | undefined }> {
  let head = '';
  for await (const piece of readText(path)) {
    head += piece;
    if (head.length >= SAMPLE_CHARACTERS) break;
  }
  const format = formatOf(path, head);
  const rows: Row[] = [];
  async function* once() {
    yield head;
  }
  for await (const chunk of format.rows(once(), { rename: new Map() })) {
    rows.push(...chunk);
    if (rows.length >= SAMPLE_ROWS) break;
  }
  const sample = rows.slice(0, SAMPLE_ROWS).flatMap((row) => (row.values ? [row.values] : []));
  return { format, sample, problem: rows.find((row) => row.problem)?.problem };
}

async function* counted(text: AsyncIterable<string>, size: { characters: number }): AsyncGenerator<string> {
  for await (const piece of text) {
    size.characters += piece.length;
    yield piece;
  }
}

/** Index of the first record at or after the time. */
function lowerBound(records: Record[], timeMs: number): number {
  let low = 0;
  for (let high = records.length; low < high;) {
    const middle = (low + high) >>> 1;
    if (records[middle]!.timeMs < timeMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
