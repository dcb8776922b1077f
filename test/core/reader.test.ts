import assert from 'node:assert/strict';
import fc from 'fast-check';
import { channelSpec } from '../../core/wire/channels.ts';
import { Framer, type CloudEvent, type TimedRecord } from '../../core/wire/event.ts';
import { FramedEvent, dataTextOf, type ExtraMembers } from '../../core/wire/framed-event.ts';
import { pipelineMembersText } from '../../core/wire/pipeline.ts';
import { LogReader } from '../../core/redis/log-reader.ts';
import { connect, type Redis } from '../../core/redis/connection.ts';
import { ChannelWriter } from '../../core/writing/writer.ts';
import { openEpoch, startRedis, type TestRedis } from '../helpers/redis.ts';
import { eventually } from '../helpers/wait.ts';

describe('LogReader', () => {
  let server: TestRedis;
  let redis: Redis;
  before(async () => {
    server = await startRedis();
    redis = await connect(server.url, 'test');
  });
  after(async () => {
    redis.disconnect();
    await server.stop();
  });

  /** A batch that this process writes and hands over, or announces but does not write; or that another process writes. */
  type Act = { by: 'us' | 'nobody' | 'others'; count: number; waits: boolean };
  const acts = fc.array(
    fc.record<Act>({
      by: fc.constantFrom('us', 'us', 'nobody', 'others'),
      count: fc.integer({ min: 1, max: 40 }),
      waits: fc.boolean(),
    }),
    { minLength: 1, maxLength: 25 },
  );

  it('reads each event once and in order, whoever wrote it, and whether or not it was handed over', async () => {
    let [channels, taken] = [0, 0];
    const holds = async (script: Act[]) => {
      const channel = `handed-${++channels}`;
      await openEpoch(redis, channel);
      const spec = channelSpec(channel);
      const [ours, others] = ['ours', 'others'].map((source) => new ChannelWriter(redis, spec, { source }));
      await ours!.emit([{ timeMs: 0, subject: 'a', data: '{}' }]);
      const reader = new LogReader(redis, { ahead: true, idleMs: 50, batchMax: 7, restMs: 3 });
      reader.add(channel, { epoch: 1, offset: 0 });
      const read: number[] = [];
      const reading = (async () => {
        for await (const batches of reader.batches())
          for (const { events, known, lost } of batches) {
            assert.equal(lost, 0);
            if (known) taken++;
            assert.deepEqual(known?.map(({ offset }) => offset) ?? offsetsOf(events), offsetsOf(events));
            read.push(...offsetsOf(events));
          }
      })();
      let written = 1;
      for (const { by, count, waits } of script) {
        const batch = Array.from({ length: count }, (): TimedRecord => ({
          timeMs: 1,
          subject: 'a',
          data: '{}',
        }));
        const settle = by === 'others' ? null : reader.expect();
        if (by !== 'nobody') {
          const from = { epoch: 1, offset: written };
          await (by === 'us' ? ours! : others!).emit(batch);
          written += count;
          const events = ours!.frame(batch, from);
          const known = events.map((line) => JSON.parse(line) as CloudEvent);
          settle?.({ channel, epoch: 1, from: from.offset + 1, to: written, events, known, lost: 0 });
        } else settle?.(null);
        if (waits) await eventually('all so far', () => read.length >= written);
      }
      await eventually('all', () => read.length >= written);
      reader.close();
      await reading;
      assert.deepEqual(
        read,
        Array.from({ length: written }, (_, i) => i + 1),
      );
    };
    await fc.assert(fc.asyncProperty(acts, holds), { numRuns: 40 });
    assert.ok(taken > 0, 'no batch that was handed over was used');
  });

  it('reads events of others from Redis while this process is about to write', async () => {
    const writer = new ChannelWriter(redis, channelSpec('held'), { source: 'others' });
    const reader = new LogReader(redis, { idleMs: 50 });
    const read: number[] = [];
    const reading = (async () => {
      for await (const batches of reader.batches())
        for (const { events } of batches) read.push(...offsetsOf(events));
    })();
    await writer.emit([{ timeMs: 0, subject: 'a', data: '{}' }]);
    reader.add('held', { epoch: 1, offset: 0 });
    await eventually('the first', () => read.length === 1);
    // Never settled, as if a commit hung. The batch handed over next shows that others were faster.
    reader.expect();
    const { offset } = await writer.emit([1, 2].map((timeMs) => ({ timeMs, subject: 'a', data: '{}' })));
    const events = writer.frame([{ timeMs: 2, subject: 'a', data: '{}' }], { epoch: 1, offset: 2 });
    reader.expect()({ channel: 'held', epoch: 1, from: offset, to: offset, events, lost: 0 });
    await eventually('the others', () => read.length === 3);
    reader.close();
    await reading;
    assert.deepEqual(read, [1, 2, 3]);
  });
});

describe('FramedEvent', () => {
  it('has the members of its line', () => {
    const text = fc.string({ unit: 'binary' });
    const route = fc.array(fc.constantFrom('a', 'b.c', 'd'), { minLength: 1 });
    const stamps = fc.record({ channel: fc.stringMatching(/^[a-z.]{1,9}$/), source: text, replay: fc.option(text, { nil: undefined }) }); // prettier-ignore
    const records = fc.record({
      timeMs: fc.integer({ min: 0, max: 4e12 }),
      subject: text,
      data: fc.dictionary(text, fc.jsonValue()).map((data) => JSON.stringify(data)),
    });
    const members = fc.record<ExtraMembers>(
      {
        traceparent: fc.constant('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'),
        pipeline: text,
        route,
        params: text,
      },
      { requiredKeys: [] },
    );
    const place = fc.record({ epoch: fc.nat(), offset: fc.nat(), sent: fc.constant('2026-01-01T00:00:00.000Z') }); // prettier-ignore
    fc.assert(
      fc.property(stamps, records, members, place, (stamp, record, carried, { epoch, offset, sent }) => {
        const extra = pipelineMembersText(carried);
        const line = new Framer(stamp).frame({ ...record, extra }, epoch, offset, sent);
        const event = new FramedEvent(stamp, record, { epoch, offset, sent }, carried);
        assert.equal(dataTextOf(event), record.data, 'unchanged');
        assert.equal(JSON.stringify(event), JSON.stringify(JSON.parse(line)));
        assert.deepEqual(event.data, (JSON.parse(line) as CloudEvent).data);
        assert.equal(dataTextOf(event), record.data, 'unchanged after parsing');
        event.data['changed'] = true;
        assert.equal(dataTextOf(event), JSON.stringify(event.data));
      }),
    );
  });
});

function offsetsOf(events: readonly string[]): number[] {
  return events.map((line) => (JSON.parse(line) as CloudEvent).offset);
}
