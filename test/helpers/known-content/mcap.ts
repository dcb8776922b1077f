import { McapWriter, TempBuffer } from '@mcap/core';
import fc from 'fast-check';
import { expectedRecords, FILE, membersOf } from './expected.ts';
import type { KnownCase } from './known-case.ts';
import { jsonOf, pretty } from './json.ts';
import { knownTable, type KnownTable } from './table.ts';

const style = fc.record({
  order: fc.nat({ max: 99_999 }),
  chunks: fc.constantFrom(true, true, false),
  chunkSize: fc.constantFrom(64, 512, 1_000_000),
  schema: fc.constantFrom('none', 'jsonschema'),
  topics: fc.constantFrom('one', 'by subject'),
  gapsAreNull: fc.boolean(),
  indent: fc.constantFrom(0, 0, 2),
  end: fc.constantFrom('\n', '\r\n'),
  publishLag: fc.constantFrom(0n, 5_000_000n),
});
type Style = typeof style extends fc.Arbitrary<infer T> ? T : never;

const table = knownTable({ places: 'maybe', anyJson: true, inXml: false, notations: () => true });
/** What a writer needs to make an MCAP file of a case. */
export interface McapPlan {
  known: KnownTable;
  how: Style;
}
/** Known rows for MCAP. Its times are not before 1970. */
export const mcapPlans: fc.Arbitrary<McapPlan> = fc
  .tuple(table, style)
  .filter(([{ timesUs }]) => timesUs.every((us) => us >= 0))
  .map(([known, how]) => ({ known, how }));

/** Known rows as messages in JSON, written by the writer of @mcap/core: a topic for all, or for each subject. */
export async function mcapCase({ known, how }: McapPlan): Promise<KnownCase> {
  const buffer = new TempBuffer();
  const writer = new McapWriter({ writable: buffer, useChunks: how.chunks, chunkSize: how.chunkSize });
  await writer.start({ profile: '', library: 'known content' });
  const schemaId =
    how.schema === 'none'
      ? 0
      : await writer.registerSchema({
          name: 'known',
          encoding: 'jsonschema',
          data: new TextEncoder().encode('{"type":"object"}'),
        });
  const members = [...membersOf(known, how.order), ...placeMembers(known)];
  const channels = new Map<string, number>();
  const topicOf = (row: number) =>
    how.topics === 'one' || !known.subjects ? '/all' : `/t/${known.subjects.values[row]!.text}`;
  for (const [row, us] of known.timesUs.entries()) {
    const topic = topicOf(row);
    if (!channels.has(topic))
      channels.set(
        topic,
        await writer.registerChannel({ topic, schemaId, messageEncoding: 'json', metadata: new Map() }),
      );
    const parts = members.flatMap(({ name, values }) =>
      values[row]!.kind === 'none' && !how.gapsAreNull
        ? []
        : [`${JSON.stringify(name)}:${jsonOf(values[row]!)}`],
    );
    await writer.addMessage({
      channelId: channels.get(topic)!,
      sequence: row,
      logTime: BigInt(us) * 1000n,
      publishTime: BigInt(us) * 1000n + how.publishLag,
      data: new TextEncoder().encode(pretty(`{${parts.join(',')}}`, how)),
    });
  }
  await writer.end();
  const subjectGiven = how.topics === 'one' && known.subjects !== null;
  return {
    format: 'mcap',
    how: JSON.stringify({ notation: known.notation.name, ...how, publishLag: String(how.publishLag) }),
    name: `${FILE}.mcap`,
    base64: Buffer.from(buffer.get()).toString('base64'),
    options: subjectGiven ? { subject: known.subjects!.name } : {},
    expected: expectedRecords(known, members).map((record, row) => ({
      ...record,
      channel: channelOf(topicOf(row)),
      subject: subjectGiven ? record.subject : topicOf(row),
    })),
  };
}

/** A topic as the name of a channel: without the first slash, and other characters as hyphens. */
const channelOf = (topic: string) => topic.slice(1).replace(/[^A-Za-z0-9._:-]/g, '-');

function placeMembers({ places }: KnownTable) {
  if (!places) return [];
  return (['latitude', 'longitude'] as const).map((name) => ({
    name,
    values: places.map((place) => ({ kind: 'number' as const, text: place[name] })),
  }));
}
