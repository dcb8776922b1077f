import { Readable } from 'node:stream';
import type { ValidateFunction } from 'ajv/dist/2020.js';
import type { Block } from '../../../core/wire/block.ts';
import { BlockBuilder, type Columns } from '../../../core/wire/block.ts';
import { channelSpec, isChannelName } from '../../../core/wire/channels.ts';
import type { Data } from '../../../core/wire/event.ts';
import type { Config } from '../../../schemas/types.ts';
import { validator } from '../../../schemas/index.ts';
import { recordPredicate, type RecordFilter, type RecordPredicate } from '../record-filter.ts';
import type { FormatOptions, Input, Row } from '../../formats/support/format.ts';
import { formats } from '../formats.ts';
import type { Interpretation } from '../inference/inference.ts';
import { certain } from '../../formats/support/decision.ts';
import { rowMapper, timeMapper, type MappedRecord, type RowMapper } from './row-mapper.ts';
import { Subjects } from './subjects.ts';
import { decoded } from '../source/input.ts';

/** How the rows of one file become records. Plain data, so that it can be sent to another thread. */
export interface ParserPlan {
  format: string;
  options: FormatOptions;
  /** Time between rows that have no times of their own, counted from 1970; null where rows have times. Not for runs. */
  everyMs: number | null;
  interpretation: Interpretation;
  /** Subject of rows in which no column names one. */
  subject: string;
  /** Whether rows that name their channel are on that one; otherwise all rows are on the recording's. */
  ownChannels: boolean;
  /** The channels that rows may name, where these have to be known before the reading; null: any. */
  onlyChannels: string[] | null;
  /** Channels declared in the configuration: they say which schema data must satisfy. */
  channels: Config['channels'];
  filter: RecordFilter;
}

/** A row that can't be played. */
export interface RefusedRow {
  /** Its channel, where that is not the recording's. */
  channel?: string;
  /** Line in the file, from 1. */
  line: number;
  reason: string;
  content: string;
  /** When it happened, ms, as far as that can be told: by its own time, or by those of the rows around it. */
  timeMs?: number | undefined;
}

/** The result of parsing a run of rows. */
export interface Parsed {
  block: Block;
  /** The line of each row of the block. */
  rowLines: Uint32Array;
  refused: RefusedRow[];
  /** How many rows were left out by filter or sample, or because they only restore state. */
  filtered: number;
  /** Rows that the format says are not to be played: reason -> how many. */
  skipped: ReadonlyMap<string, number>;
  /** Optional values that mean "none" and were left out, such as NaN. */
  absent: number;
  /** How many line ends the run held. */
  lines: number;
}

/** A run of rows, with the subjects and channels that occur in it. */
export interface ParsedRun extends Parsed {
  subjects: Pick<Subjects, 'channels' | 'channelOf'>;
}

/** `ParsedRun` as it is sent between threads. */
export interface ParsedColumns extends Omit<ParsedRun, 'block'> {
  columns: Columns;
}

/** How rows of one channel become records. */
interface ChannelMapper {
  channel: string;
  map: RowMapper;
  /** The time of a row that can't be played, ms; undefined where it has none. */
  timeOf(this: void, row: Row): number | undefined;
}

/** Turns the rows of one file into records. Made once for each file and thread. */
export class Parser {
  readonly #plan: ParserPlan;
  /** For the rows that name no channel. */
  readonly #own: ChannelMapper;
  readonly #mappers = new Map<string, ChannelMapper>();
  readonly #format;
  readonly #passes: RecordPredicate | null;

  constructor(plan: ParserPlan) {
    this.#plan = plan;
    this.#format = formats.find(({ name }) => name === plan.format)!;
    this.#own = this.#mapperOf(plan.interpretation.channel.value);
    this.#passes = recordPredicate(plan.filter);
  }

  /** Parses all rows of a file in order. The blocks share the names in `subjects`. */
  async *file(input: Input, subjects: Subjects): AsyncGenerator<Parsed> {
    const builder = new BlockBuilder(undefined, subjects.names);
    const { everyMs } = this.#plan;
    let count = 0;
    for await (const rows of this.#format.rows(input, this.#plan.options)) {
      if (everyMs !== null) for (const row of rows) row.timeMs = everyMs * count++;
      const seen = new RunCounts();
      this.#read(rows, builder, subjects, seen, 0);
      yield { block: builder.take(), ...seen.counts(), lines: 0 };
    }
  }

  /** Parses a run of whole rows, reading `header` before it. Lines count from the beginning of the run. */
  async run(bytes: Uint8Array, header: Uint8Array): Promise<ParsedRun> {
    const counted = { lineEnds: 0 };
    const pieces = header.length > 0 ? [header, bytes] : [bytes];
    const lineEnds = this.#format.cut?.lineEnds ?? lineFeeds;
    const input = {
      path: null,
      bytes: () => Readable.from(pieces.map((piece) => Buffer.from(piece))) as AsyncIterable<Buffer>,
      text: () => countLineEnds(decoded(pieces), lineEnds, counted),
    };
    const headerLines = header.length > 0 ? lineEnds(Buffer.from(header).toString()) : 0;
    const subjects = new Subjects();
    const builder = new BlockBuilder(4_096, subjects.names);
    const seen = new RunCounts();
    for await (const rows of this.#format.rows(input, this.#plan.options)) {
      this.#read(rows, builder, subjects, seen, headerLines);
    }
    const { channels, channelOf } = subjects;
    const lines = counted.lineEnds - headerLines;
    return { block: builder.take(), ...seen.counts(), lines, subjects: { channels, channelOf } };
  }

  /** Adds the rows that will be played to the builder, and counts the others. */
  #read(rows: Row[], builder: BlockBuilder, subjects: Subjects, seen: RunCounts, headerLines: number): void {
    let of = this.#own;
    let index = -1;
    for (const row of rows) {
      const line = row.line - headerLines;
      // What was said of the rows before the header is said once, by the run that holds them.
      if (line < 1 && headerLines > 0) continue;
      if (row.restored) {
        seen.filtered++;
        continue;
      }
      if (row.skipped !== undefined) {
        seen.skipped.set(row.skipped, (seen.skipped.get(row.skipped) ?? 0) + 1);
        continue;
      }
      const wanted = row.channel === undefined ? this.#own : this.#namedBy(row.channel);
      if (wanted !== of) [of, index] = [wanted, -1];
      const record = of.map(row);
      const passes = typeof record === 'string' ? record : this.#passing(record);
      if (typeof record === 'string' || typeof passes === 'string') {
        const content = row.text ?? row.json ?? JSON.stringify(row.values);
        seen.refused.push({
          line,
          reason: String(passes),
          content,
          timeMs: of.timeOf(row),
          ...(of !== this.#own && { channel: of.channel }),
        });
      } else if (!passes) seen.filtered++;
      else {
        if (index === -1) index = subjects.channel(of.channel);
        builder.addAt(record.timeMs, subjects.subject(index, record.subject), record.data);
        if (row.bare) builder.addBare(row.bare);
        seen.absent += record.absent;
        seen.rowLines.push(line);
      }
    }
  }

  /** Whether a record is played, or why that can't be told. */
  #passing({ timeMs, subject, values }: MappedRecord): boolean | string {
    return this.#passes === null || this.#passes(timeMs, subject, () => values);
  }

  /** The mapper for rows that name this channel: the recording's own where such names do not count or are not valid. */
  #namedBy(channel: string): ChannelMapper {
    const known = this.#mappers.get(channel);
    if (known) return known;
    const { ownChannels, onlyChannels } = this.#plan;
    if (!ownChannels || !isChannelName(channel)) return this.#own;
    if (!onlyChannels || onlyChannels.includes(channel)) return this.#mapperOf(channel);
    const reason = `Channel "${channel}" does not occur in the first rows, and the channels of a pipe or a large file must be known at the start. Convert it to MCAP first.`;
    return { channel, map: () => reason, timeOf: this.#own.timeOf };
  }

  #mapperOf(channel: string): ChannelMapper {
    const { interpretation, subject, channels } = this.#plan;
    const { schema } = channelSpec(channel, channels);
    const validate = schema === null ? null : (validator<Data>(schema) as ValidateFunction);
    const map = rowMapper({ ...interpretation, channel: certain(channel, '') }, subject, validate);
    const readTime = timeMapper(interpretation);
    const timeOf = (row: Row) => {
      const timeMs = row.values === null ? NaN : readTime(row, row.values);
      return Number.isFinite(timeMs) ? timeMs : undefined;
    };
    const mapper = { channel, map, timeOf };
    this.#mappers.set(channel, mapper);
    return mapper;
  }
}

/** What is counted and noted of a run of rows, besides its block. */
class RunCounts {
  readonly rowLines: number[] = [];
  readonly refused: RefusedRow[] = [];
  readonly skipped = new Map<string, number>();
  filtered = 0;
  absent = 0;

  counts(): Omit<Parsed, 'block' | 'lines'> {
    const { refused, filtered, skipped, absent } = this;
    return { rowLines: Uint32Array.from(this.rowLines), refused, filtered, skipped, absent };
  }
}

async function* countLineEnds(
  texts: AsyncIterable<string>,
  lineEnds: (text: string) => number,
  counted: { lineEnds: number },
): AsyncGenerator<string> {
  let before = '';
  for await (const text of texts) {
    // A CRLF that is cut in two ends one line.
    const isHalf = before.endsWith('\r') && text.startsWith('\n');
    counted.lineEnds += lineEnds(text) - (isHalf ? lineEnds('\r') : 0);
    if (text !== '') before = text;
    yield text;
  }
}

function lineFeeds(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
