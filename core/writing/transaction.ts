import type { Block } from '../wire/block.ts';
import { command, word, type CommandBuffer } from './command-buffer.ts';
import type { ChannelSpec } from '../wire/channels.ts';
import { positionText, type Framer, type Position } from '../wire/event.ts';
import { EventCommands, type ByteRange } from './event-commands.ts';
import { keys } from '../wire/keys.ts';
import { limits } from '../wire/limits.ts';
import { ADMIT_KEYS, FUNCTIONS } from '../lua/functions.ts';
import type { Argument } from '../lua/layout.ts';
import { functionName } from '../lua/library.ts';

/** How long a receipt is kept: more than the answer to a batch can be under way. */
const RECEIPT_MS = 600_000;

/** Who writes, the same for all batches on one channel. */
export interface TransactionOptions {
  spec: ChannelSpec;
  framer: Framer;
  /** '' for a writer that is no replay. */
  token: string;
  lifeMs: number;
  waits: boolean;
  writer: string;
}

/** Where a batch goes: Redis is expected at `head`; its events follow `from`. */
export interface BatchPlacement {
  head: Position;
  from: Position;
  /** Only right after the writer's own last batch. */
  follows: boolean;
  sent: string;
  /** Further members of each event as JSON text, with a leading comma. */
  extra: string;
  /** The same of single events, by their row. */
  extras?: ReadonlyMap<number, string> | undefined;
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
  readonly #writing: TransactionOptions;
  readonly #events: EventCommands;
  /** What is the same each time, before and after what is not. */
  readonly #opening: string;
  readonly #admission: Argument[];
  readonly #multi: string;
  readonly #closing: string;
  readonly #end: string;

  constructor(writing: TransactionOptions) {
    const { spec, framer, token, lifeMs, writer } = writing;
    this.#writing = writing;
    this.#events = new EventCommands(framer, spec.name, spec.logMax > 0 ? keys.log(spec.name) : null);
    this.receipt = keys.receipt(spec.name, writer);
    const [head, log, admission] = [
      keys.head(spec.name),
      keys.log(spec.name),
      keys.admission(spec.name, writer),
    ];
    const names = ADMIT_KEYS.encode({ head, log, consumers: keys.consumers(spec.name), admission }).list;
    this.#opening = command('CLIENT', 'REPLY', 'OFF') + command('WATCH', head) + command('DEL', admission);
    this.#admission = ['FCALL', functionName('admit'), names.length, ...names];
    this.#multi =
      command('WATCH', admission) +
      // Touches the watched key, which stops the transaction, unless it is there: so without admission nothing happens,
      // also where Redis does not know the function.
      command('SET', admission, 'no', 'NX', 'PX', limits.ADMISSION_MS) +
      command('MULTI');
    this.#closing = spec.logMax > 0 ? command('XTRIM', log, 'MAXLEN', '~', spec.logMax) : '';
    if (token !== '') this.#closing += command('SET', keys.owner(spec.name), token, 'PX', lifeMs);
    this.#end = command('EXEC') + command('CLIENT', 'REPLY', 'ON');
  }

  /** Writes the batch over what was in `out`; the bytes are good until that is done again. */
  write(out: CommandBuffer, block: Block, placing: BatchPlacement): Buffer {
    const { spec } = this.#writing;
    const { head, from, sent, extra, extras } = placing;
    out.begin();
    out.text(this.#opening + this.#admit(block.count, placing) + this.#multi);
    if (from.epoch > head.epoch) out.text(command('DEL', keys.state(spec.name)));
    const latest = spec.keepsState ? new Map<number, ByteRange>() : undefined;
    this.#events.write(out, block, from.offset + 1, { epoch: from.epoch, sent, extra, extras }, latest);
    if (latest) keepState(out, keys.state(spec.name), block.names, latest);
    out.text(this.#closing + this.#reached(block, from) + this.#end);
    return out.view();
  }

  #admit(count: number, { head, from, follows }: BatchPlacement): string {
    const { spec, token, waits, writer } = this.#writing;
    const batch = FUNCTIONS.admit.encode({
      token,
      writer,
      waits,
      follows,
      logMax: spec.logMax,
      expectedEpoch: head.epoch,
      expectedOffset: head.offset,
      epoch: from.epoch,
      offset: from.offset,
      events: count,
    });
    return command(...this.#admission, ...batch.list);
  }

  /** Notes where the channel stands. */
  #reached({ count, timesMs }: Block, { epoch, offset: before }: Position): string {
    const { spec, token, writer } = this.#writing;
    const head = keys.head(spec.name);
    const offset = before + count;
    const standing = ['epoch', epoch, 'offset', offset, 'time', timesMs[count - 1]!, 'by', writer];
    return (
      command('HSET', head, ...standing) +
      (token === '' ? '' : command('HINCRBY', head, 'own', count)) +
      (before === 0 ? command('SADD', keys.channels, spec.name) : '') +
      command('SET', this.receipt, positionText({ epoch, offset }), 'PX', RECEIPT_MS)
    );
  }
}

function keepState(
  out: CommandBuffer,
  key: string,
  names: readonly string[],
  latest: ReadonlyMap<number, ByteRange>,
): void {
  out.text(`*${2 + latest.size * 2}\r\n${word('HSET')}${word(key)}`);
  for (const [subject, { at, length }] of latest) {
    out.text(`${word(names[subject]!)}$${length}\r\n`);
    out.again(at, at + length + 2);
  }
}
