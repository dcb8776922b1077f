import { refusal } from '../../../core/problems/errors.ts';
import type { StreamKey } from '../../../core/redis/stream-entry.ts';
import { certain } from '../../formats/support/decision.ts';
import type { Source } from './source.ts';

/** The entries of a Redis stream as a source. @throws refusal where there is no such stream */
export async function streamSource(name: string, stream: StreamKey): Promise<Source> {
  if (!(await stream.exists()))
    throw refusal('recording_unknown', `There is no stream ${stream.key} in this Redis.`, {
      hint: 'SCAN 0 TYPE stream lists the keys of streams.',
    });
  return {
    name,
    bytes: null,
    once: false,
    format: 'redis',
    head: () => Promise.resolve(Buffer.alloc(0)),
    encoding: () => Promise.resolve(certain('utf-8', 'Redis keeps it so')),
    notes: () => [],
    share: () => null,
    input: () => ({ path: null, bytes: nothing, text: nothing, entries: () => stream.entries() }),
  };
}

async function* nothing(): AsyncGenerator<never> {}
