import type { Block } from './block.ts';
import { digits, Stencil, type Bytes } from './bytes.ts';
import { batchKeys, type ChannelSpec } from './channels.ts';
import { positionText, type Framer, type Position } from './event.ts';
import { bulk, EventCommands, SubjectTexts } from './event-commands.ts';
import { keys } from './keys.ts';
import { functionName } from './redis.ts';

/** How long a receipt is kept: more than the answer to a batch can be under way. */
const RECEIPT_MS = 600_000;
const ADMISSION_MS = 1_000;

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
  /** Further members of each event as JSON text, with a leading comma. */
  extra: string;
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
  readonly #subjects: SubjectTexts;

  constructor(writing: Writing) {
    this.#writing = writing;
    this.#subjects = new SubjectTexts(writing.framer);
    this.receipt = keys.receipt(writing.spec.name, writing.writer);
  }

  /** What batches are written to, one after the other. */
  commands(): EventCommands {
    return new EventCommands(this.#writing.framer, this.#writing.spec.name, this.#subjects);
  }

  /** Writes the batch over what was there. The bytes are good until the next. */
  write(commands: EventCommands, block: Block, placing: Placing): Buffer {
    const { spec, token, lifeMs, writer } = this.#writing;
    const { head, from, sent, extra } = placing;
    const reached = { epoch: from.epoch, offset: from.offset + block.count };
    commands.begin(block, from.epoch, sent, extra);
    const { out } = commands;
    out.command('CLIENT', 'REPLY', 'OFF');
    this.#admit(out, block.count, placing);
    out.command('MULTI');
    if (from.epoch > head.epoch) out.command('DEL', keys.state(spec.name));
    this.#events(commands, block, from);
    if (spec.logMax > 0) out.command('XTRIM', keys.log(spec.name), 'MAXLEN', '~', spec.logMax);
    const time = block.timesMs[block.count - 1]!;
    const standing = ['epoch', reached.epoch, 'offset', reached.offset, 'time', time, 'by', writer];
    out.command('HSET', keys.head(spec.name), ...standing);
    if (from.offset === 0) out.command('SADD', keys.channels, spec.name);
    if (token !== '') {
      out.command('HINCRBY', keys.head(spec.name), 'own', block.count);
      out.command('SET', keys.owner(spec.name), token, 'PX', lifeMs);
    }
    out.command('SET', this.receipt, positionText(reached), 'PX', RECEIPT_MS);
    out.command('EXEC');
    out.command('CLIENT', 'REPLY', 'ON');
    return out.view();
  }

  #admit(out: Bytes, count: number, { head, from, follows }: Placing): void {
    const { spec, token, waits, writer } = this.#writing;
    const [headKey, log, , consumers] = batchKeys(spec) as [string, string, string, string];
    const admission = keys.admission(spec.name, writer);
    const names = [headKey, log, consumers, admission];
    const flags = [waits ? 1 : 0, follows ? 1 : 0];
    const batch = [spec.logMax, head.epoch, head.offset, from.epoch, from.offset, count];
    out.command('WATCH', headKey);
    out.command('DEL', admission);
    out.command('FCALL', functionName('admit'), names.length, ...names, token, writer, ...flags, ...batch);
    out.command('WATCH', admission);
    // Touches the watched key, which stops the transaction, unless it is there: so without admission nothing happens,
    // also where Redis does not know the function.
    out.command('SET', admission, 'no', 'NX', 'PX', ADMISSION_MS);
  }

  /** Publishes and logs every event, and keeps the latest of each subject. Each is made of what stands there already. */
  #events(commands: EventCommands, block: Block, { epoch, offset: before }: Position): void {
    const { spec } = this.#writing;
    const { out } = commands;
    const append = new Stencil(
      `*5\r\n$4\r\nXADD\r\n${bulk(keys.log(spec.name))}$`,
      `\r\n${epoch}-`,
      '\r\n$1\r\ne\r\n$',
      '\r\n',
    );
    const epochDigits = digits(epoch);
    /** Where the latest event of each subject begins in `out`, and its length. */
    const latest = new Map<number, [number, number]>();
    for (let row = 0; row < block.count; row++) {
      const offset = before + 1 + row;
      const length = commands.publish(row, offset);
      const at = out.at - length - 2;
      if (spec.keepsState) latest.set(block.subjects[row]!, [at, length]);
      if (spec.logMax === 0) continue;
      append.write(out, epochDigits + 1 + digits(offset), offset, length);
      out.again(at, at + length + 2);
    }
    if (latest.size > 0) keepState(out, keys.state(spec.name), block.names, latest);
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
    out.again(at, at + length + 2);
  }
}
