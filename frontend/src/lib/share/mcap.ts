import { McapWriter, type IWritable } from '@mcap/core';
import type { CloudEvent } from '../../../../schemas/types.ts';
import { dataText } from '../live/json/event-text.ts';

/** Collects the written bytes. */
class Memory implements IWritable {
  readonly parts: Uint8Array<ArrayBuffer>[] = [];
  #size = 0n;

  write(bytes: Uint8Array): Promise<void> {
    // Copy them: the writer reuses its buffer.
    this.parts.push(new Uint8Array(bytes));
    this.#size += BigInt(bytes.length);
    return Promise.resolve();
  }

  position(): bigint {
    return this.#size;
  }
}

/** Events as MCAP: a topic for each channel, an MCAP channel for each subject, the data as JSON. See docs/recordings.md. */
export async function mcap(events: readonly CloudEvent[]): Promise<Blob> {
  const memory = new Memory();
  const writer = new McapWriter({ writable: memory });
  await writer.start({ profile: '', library: 'page of reprise' });
  const ids = new Map<string, number>();
  const text = new TextEncoder();
  for (const event of events) {
    const { type: topic, subject, time, offset } = event;
    const key = `${topic}\n${subject}`;
    let channelId = ids.get(key);
    if (channelId === undefined) {
      const metadata = new Map([['subject', subject]]);
      channelId = await writer.registerChannel({ topic, schemaId: 0, messageEncoding: 'json', metadata });
      ids.set(key, channelId);
    }
    const logTime = nanoseconds(time);
    await writer.addMessage({
      channelId,
      sequence: offset,
      logTime,
      publishTime: logTime,
      data: text.encode(dataText(event)),
    });
  }
  await writer.end();
  return new Blob(memory.parts);
}

/** Nanoseconds of an ISO 8601 time: its fraction may have more digits than a Date keeps. */
function nanoseconds(time: string): bigint {
  const fraction = (/\.(\d+)/.exec(time)?.[1] ?? '').padEnd(9, '0').slice(0, 9);
  return BigInt(Math.floor(Date.parse(time) / 1000)) * 1_000_000_000n + BigInt(fraction);
}
