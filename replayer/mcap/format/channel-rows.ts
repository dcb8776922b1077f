import { Block, noneBare } from '../../../core/wire/block.ts';

/** Records of several channels in one block. */
export interface ChannelRows {
  block: Block;
  /** For each row of the block, the index of its channel. */
  channels: Uint16Array;
  /** To be called once these rows, and all rows yielded before them, are not needed any more: their memory is reused. */
  done?: () => void;
}

/** Records of one channel. */
export interface ChannelBlock {
  /** Index into the channels of the recording or timeline that the block comes from. */
  channel: number;
  block: Block;
}

/** Rows `from` to before `to`; nothing is copied. */
export function sliceRows(
  { block, channels, done }: ChannelRows,
  from: number,
  to = block.count,
): ChannelRows {
  return { block: block.slice(from, to), channels: channels.subarray(from, to), done };
}

/** The rows in time order; rows of equal times keep their order. */
export function sortedRows(rows: ChannelRows): ChannelRows {
  const { timesMs } = rows.block;
  const order = Uint32Array.from(timesMs.keys()).sort((a, b) => timesMs[a]! - timesMs[b]! || a - b);
  return { block: rows.block.pick(order), channels: Uint16Array.from(order, (row) => rows.channels[row]!) };
}

const MERGED_ROWS = 2_048;

/** Merges runs that are in time order. At equal times the rows of the earlier run go first. All runs must share their names. */
export function* mergedRows(runs: ChannelRows[]): Generator<ChannelRows> {
  const at = runs.map(() => 0);
  const left = () => runs.some(({ block }, i) => at[i]! < block.count);
  while (left()) {
    const picked: PickedRow[] = [];
    while (picked.length < MERGED_ROWS) {
      const run = earliest(runs, at);
      if (run === -1) break;
      picked.push({ rows: runs[run]!, row: at[run]!++ });
    }
    yield gathered(picked);
  }
}

interface PickedRow {
  rows: ChannelRows;
  row: number;
}

function earliest(runs: ChannelRows[], at: number[]): number {
  let [best, bestMs] = [-1, Infinity];
  for (let i = 0; i < runs.length; i++) {
    const { block } = runs[i]!;
    if (at[i]! === block.count) continue;
    const timeMs = block.timesMs[at[i]!]!;
    if (best === -1 || timeMs < bestMs) [best, bestMs] = [i, timeMs];
  }
  return best;
}

/** Copies the rows and their texts into one block, so that the blocks they come from can be freed. */
function gathered(picked: PickedRow[]): ChannelRows {
  const { length } = picked;
  const columns = {
    timesMs: new Float64Array(length),
    subjects: new Uint32Array(length),
    starts: new Uint32Array(length),
    ends: new Uint32Array(length),
  };
  const channels = new Uint16Array(length);
  const bare = picked.some(({ rows }) => rows.block.bare) ? noneBare(length) : null;
  const bytes = picked.reduce(
    (sum, { rows: { block }, row }) =>
      sum + block.ends[row]! - block.starts[row]! + (block.bareOf(row)?.length ?? 0),
    0,
  );
  const data = Buffer.allocUnsafeSlow(bytes);
  let end = 0;
  picked.forEach(({ rows: { block, channels: of }, row }, i) => {
    columns.timesMs[i] = block.timesMs[row]!;
    columns.subjects[i] = block.subjects[row]!;
    columns.starts[i] = end;
    columns.ends[i] = end += block.data.copy(data, end, block.starts[row], block.ends[row]);
    channels[i] = of[row]!;
    const message = block.bareOf(row);
    if (!bare || !message) return;
    bare.starts[i] = end;
    bare.ends[i] = end += message.copy(data, end);
  });
  return { block: new Block({ ...columns, names: picked[0]!.rows.block.names, data, bare }), channels };
}
