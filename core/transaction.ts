import type { Block } from './block.ts';
import type { Bytes } from './bytes.ts';
import { batchKeys, type ChannelSpec } from './channels.ts';
import { positionText, type Framer, type Position } from './event.ts';
import { EventCommands, type Standing } from './event-commands.ts';
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
  readonly #events: EventCommands;

  constructor(writing: Writing) {
    const { spec, framer } = writing;
    this.#writing = writing;
    this.#events = new EventCommands(framer, spec.name, spec.logMax > 0 ? keys.log(spec.name) : null);
    this.receipt = keys.receipt(writing.spec.name, writing.writer);
  }

  /** Writes the batch over what was in `out`; the bytes are good until that is done again. */
  write(out: Bytes, block: Block, placing: Placing): Buffer {
    const { spec, token, lifeMs, writer } = this.#writing;
    const { head, from, sent, extra } = placing;
    const reached = { epoch: from.epoch, offset: from.offset + block.count };
    out.begin();
    out.command('CLIENT', 'REPLY', 'OFF');
    this.#admit(out, block.count, placing);
    out.command('MULTI');
    if (from.epoch > head.epoch) out.command('DEL', keys.state(spec.name));
    const latest = spec.keepsState ? new Map<number, Standing>() : undefined;
    this.#events.write(out, block, from.offset + 1, { epoch: from.epoch, sent, extra }, latest);
    if (latest) keepState(out, keys.state(spec.name), block.names, latest);
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
}

function keepState(
  out: Bytes,
  key: string,
  names: readonly string[],
  latest: ReadonlyMap<number, Standing>,
): void {
  out.text(`*${2 + latest.size * 2}\r\n`);
  out.word('HSET');
  out.word(key);
  for (const [subject, { at, length }] of latest) {
    out.word(names[subject]!);
    out.text(`$${length}\r\n`);
    out.again(at, at + length + 2);
  }
}
