import { readDeadLetters } from '../../core/redis/dead-letters.ts';
import type { Redis } from '../../core/redis/connection.ts';
import type { Replay as ReplayDocument } from '../../schemas/types.ts';

/** How many refused rows are named at the end. */
const NAMED_ROWS = 20;
const IN_ORDER_FIRST =
  'Put it in order first: reprise convert FILE sorted.mcap. Or give the window more room: --reorder 10m.\n';

/** Prints what was played and what was not, in words or as a JSON line. */
export function reportReplay(replay: ReplayDocument, json: boolean): void {
  if (json) process.stdout.write(`${JSON.stringify(replay)}\n`);
  else {
    const { published, reordered, refused, late, outliers, filtered } = replay.counts;
    for (const note of replay.notes ?? []) process.stdout.write(`${note}\n`);
    const parts = [
      `${published.toLocaleString('en')} events on ${replay.channels.join(', ')}`,
      ...(filtered ? [`${filtered.toLocaleString('en')} left out by filter or sample, or as restored`] : []),
      ...(reordered ? [`${reordered.toLocaleString('en')} steps back in time put in order`] : []),
      ...(refused
        ? [`${refused.toLocaleString('en')} ${refused === 1 ? 'row' : 'rows'} refused`]
        : ['no row refused']),
      ...(outliers ? [`${outliers.toLocaleString('en')} with a time weeks away from those around`] : []),
      ...(late ? [`${late.toLocaleString('en')} rows too late for the reorder window`] : []),
    ];
    process.stdout.write(`${parts.join('; ')}.\n`);
    if (late) process.stdout.write(IN_ORDER_FIRST);
  }
}

/** Prints the refused rows with file, line and reason; where there are many, only the last. */
export async function nameRefused(redis: Redis, id: string, refused: number): Promise<void> {
  const { items } = await readDeadLetters(redis, NAMED_ROWS);
  const named = items.filter(({ replay }) => replay === id).reverse();
  for (const { source, line, reason } of named) process.stdout.write(`${source}:${line}: ${reason}\n`);
  if (refused > named.length) process.stdout.write('GET /api/v1/deadletters has more of them.\n');
}
