import type { Block } from './block.ts';
import type { Bytes } from './bytes.ts';
import { batchKeys, type ChannelSpec } from './channels.ts';
import { isoTime, positionText, type Framer, type Position } from './event.ts';
import { keys } from './keys.ts';
import { functionName } from './redis.ts';

/** How long a receipt is kept: more than the answer to a batch can be under way. */
const RECEIPT_MS = 600_000;
const ADMISSION_MS = 1_000;
/** More than the commands around one event take. */
const COMMANDS_BYTES = 1_024;

/** Who writes, the same for all batches on one channel. */
export interface Writing {
  spec: ChannelSpec;
  framer: Framer;
  /** '' for a writer that is no replay. */
  token: string;
  lifeMs: number;
  waits: boolean;
  writer: string;
}

/** Where a batch goes: Redis is expected at `head`; its events follow `from`. */
export interface Placing {
  head: Position;
  from: Position;
  /** Only right after the writer's own last batch. */
  follows: boolean;
  sent: string;
}

/**
 * A batch as the bytes of one conditional transaction. It does what the function `emit` does, at half the cost for
 * Redis: a function takes every event through Lua, which hashes each of its bytes. `admit` checks what `emit` checks; where
 * that does not hold nothing is done, nor when somebody writes in between. All
 * replies are suppressed but the last, which makes it one command to the connection; that it was carried out stands in
 * the writer's receipt.
 */
export class TransactionWriter {
  readonly receipt: string;
  readonly #writing: Writing;
  /** Per list of names: the parts of an event around each subject. */
  #subjects = { names: [] as readonly string[], parts: [] as string[] };

  constructor(writing: Writing) {
    this.#writing = writing;
    this.receipt = keys.receipt(writing.spec.name, writing.writer);
  }

  /** Writes the batch to `out`, over what was there. */
  write(out: Bytes, block: Block, placing: Placing): void {
    const { spec, token, lifeMs, writer } = this.#writing;
    const { head, from } = placing;
    const reached = { epoch: from.epoch, offset: from.offset + block.count };
    let [first, end] = [Infinity, 0];
    for (const start of block.starts) if (start < first) first = start;
    for (const place of block.ends) if (place > end) end = place;
    out.begin(block.data.subarray(first, end));
    out.command('CLIENT', 'REPLY', 'OFF');
    this.#admit(out, block.count, placing);
    out.text('*1\r\n$5\r\nMULTI');
    if (from.epoch > head.epoch)
      out.text(`\r\n*2\r\n$3\r\nDEL\r\n${bulk(keys.state(spec.name)).slice(0, -2)}`);
    this.#events(out, block, first, placing);
    if (spec.logMax > 0) out.command('XTRIM', keys.log(spec.name), 'MAXLEN', '~', spec.logMax);
    const time = block.timesMs[block.count - 1]!;
    const standing = ['epoch', reached.epoch, 'offset', reached.offset, 'time', time, 'by', writer];
    out.command('HSET', keys.head(spec.name), ...standing);
    if (from.offset === 0) out.command('SADD', keys.channels, spec.name);
    if (token !== '') out.command('SET', keys.owner(spec.name), token, 'PX', lifeMs);
    out.command('SET', this.receipt, positionText(reached), 'PX', RECEIPT_MS);
    out.command('EXEC');
    out.command('CLIENT', 'REPLY', 'ON');
  }

  #admit(out: Bytes, count: number, { head, from, follows }: Placing): void {
    const { spec, token, waits, writer } = this.#writing;
    const [headKey, log, , consumers, owner] = batchKeys(spec) as [string, string, string, string, string];
    const admission = keys.admission(spec.name, writer);
    const names = [headKey, log, consumers, owner, admission];
    const flags = [waits ? 1 : 0, follows ? 1 : 0];
    const batch = [spec.logMax, head.epoch, head.offset, from.epoch, from.offset, count];
    out.command('WATCH', headKey, owner);
    out.command('DEL', admission);
    out.command('FCALL', functionName('admit'), names.length, ...names, token, writer, ...flags, ...batch);
    out.command('WATCH', admission);
    // Touches the watched key, which stops the transaction, unless it is there: so without admission nothing happens,
    // also where Redis does not know the function.
    out.command('SET', admission, 'no', 'NX', 'PX', ADMISSION_MS);
  }

  /** Publishes and logs every event, and keeps the latest of each subject. */
  #events(out: Bytes, block: Block, first: number, { from, sent }: Placing): void {
    const { spec, framer } = this.#writing;
    const { timesMs, starts, ends, subjects, names } = block;
    const { epoch } = from;
    const { beforeSubject, beforeTime, ...texts } = framer.parts(epoch, sent);
    const [beforeOffset, beforeSecondOffset] = [utf8(texts.beforeOffset), utf8(texts.beforeSecondOffset)];
    const beforeData = utf8(texts.beforeData);
    const fixedBytes = beforeOffset.length + beforeSecondOffset.length + beforeData.length + 1;
    const publish = `\r\n*3\r\n$7\r\nPUBLISH\r\n${bulk(spec.name)}$`;
    const append = `\r\n*5\r\n$4\r\nXADD\r\n${bulk(keys.log(spec.name))}$`;
    // Nothing around a subject changes with the epoch, so these last as long as the list of names.
    if (this.#subjects.names !== names) this.#subjects = { names, parts: [] };
    const { parts } = this.#subjects;
    /** Where the latest event of each subject begins in `out`, and its length. */
    const latest = new Map<number, [number, number]>();
    let close = '';
    let time = '';
    let timeOf = NaN;
    for (let row = 0; row < block.count; row++) {
      const offset = String(from.offset + 1 + row);
      const subject = subjects[row]!;
      const subjectPart = (parts[subject] ??= utf8(
        beforeSubject + JSON.stringify(names[subject]) + beforeTime,
      ));
      if (timesMs[row] !== timeOf) time = isoTime((timeOf = timesMs[row]!));
      const start = starts[row]! - first;
      const end = ends[row]! - first;
      const headLength = fixedBytes - 1 + offset.length * 2 + subjectPart.length + time.length;
      const length = headLength + end - start + 1;
      out.reserve(length * 2 + COMMANDS_BYTES);
      out.latin1(
        `${close}${publish}${length}\r\n${beforeOffset}${offset}${subjectPart}${time}${beforeSecondOffset}${offset}${beforeData}`,
      );
      const at = out.at - headLength;
      out.again(start, end);
      close = '}';
      if (spec.keepsState) latest.set(subject, [at, length]);
      if (spec.logMax === 0) continue;
      const entry = `${epoch}-${offset}`;
      out.latin1(`}${append}${entry.length}\r\n${entry}\r\n$1\r\ne\r\n$${length}\r\n`);
      out.again(at, at + length);
      close = '';
    }
    out.latin1(`${close}\r\n`);
    if (latest.size > 0) keepState(out, keys.state(spec.name), names, latest);
  }
}

function keepState(
  out: Bytes,
  key: string,
  names: readonly string[],
  latest: ReadonlyMap<number, readonly [number, number]>,
): void {
  out.text(`*${2 + latest.size * 2}\r\n`);
  out.word('HSET');
  out.word(key);
  for (const [subject, [at, length]] of latest) {
    out.word(names[subject]!);
    out.text(`$${length}\r\n`);
    out.reserve(length + 2);
    out.again(at, at + length);
    out.latin1('\r\n');
  }
}

/** A word of a Redis command, its bytes as the characters of the same code. */
function bulk(word: string): string {
  const bytes = utf8(word);
  return `$${bytes.length}\r\n${bytes}\r\n`;
}

/** UTF-8 bytes as the characters of the same code. */
function utf8(text: string): string {
  return Buffer.from(text).toString('latin1');
}
