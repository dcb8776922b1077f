import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Block } from '../../core/wire/block.ts';
import { command } from '../../core/wire/resp.ts';
import { CommandBuffer } from '../../core/writing/command-buffer.ts';
import { EventCommands, type ByteRange } from '../../core/writing/event-commands.ts';
import { Framer, type TimedRecord } from '../../core/wire/event.ts';

const DAY_MS = 86_400_000;

const word = (text: string) => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

describe('EventCommands', () => {
  it('writes the same bytes as the framer for any records, and tells where the latest event of each subject is', () => {
    const aTime = fc.oneof(
      fc.integer({ min: 1.7e12, max: 1.7e12 + 3_000 }),
      fc.integer({ min: -200, max: 200 }).map((day) => day * DAY_MS),
      fc.integer({ min: -6e16, max: 2.5e17 }).map((us) => us / 1000),
      fc.constantFrom(-0, 0.5, 1.7e12 + 999.9999, DAY_MS - 1e-8, 59_999.9996, 8.64e15, -6.3e13),
    );
    const aRecord: fc.Arbitrary<TimedRecord> = fc.record({
      timeMs: aTime,
      subject: fc.oneof(
        { weight: 9, arbitrary: fc.constantFrom('a', 'überland "5"', '日本\u2028', '\ud800') },
        { weight: 1, arbitrary: fc.constant('long '.repeat(8_000)) },
      ),
      data: fc.oneof(
        { weight: 9, arbitrary: fc.nat(120).map((length) => `{"ü":"${'x'.repeat(length)}"}`) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(20_000, 131_000, 140_000).map((n) => `{"x":"${'y'.repeat(n)}"}`),
        },
      ),
    });
    const aBatch = fc.record({
      records: fc.array(aRecord, { minLength: 1, maxLength: 40 }),
      epoch: fc.constantFrom(1, 12, 4_294_967_296),
      offset: fc.oneof(fc.constantFrom(1, 9, 95, 980, 9_999_999, 4_294_967_290), fc.nat()),
      extra: fc.constantFrom('', ',"restored":true'),
      isReversed: fc.boolean(),
    });
    const aWriter = fc.record({
      replay: fc.oneof(
        { weight: 5, arbitrary: fc.constantFrom(undefined, 'ré') },
        { weight: 1, arbitrary: fc.constant('long'.repeat(5_000)) },
      ),
      log: fc.constantFrom(null, 'reprise:log:ü'),
    });
    const sent = '2026-11-21T09:00:00.120Z';
    fc.assert(
      fc.property(aWriter, fc.array(aBatch, { minLength: 1, maxLength: 3 }), ({ replay, log }, batches) => {
        const framer = new Framer({ channel: 'gps:ü', source: '/x', replay });
        const commands = new EventCommands(framer, 'gps:ü', log);
        const out = new CommandBuffer();
        for (const { records, epoch, offset, extra, isReversed } of batches) {
          const block = Block.of(records);
          const given = isReversed ? block.pick([...records.keys()].reverse()) : block;
          const latest = new Map<number, ByteRange>();
          out.clear();
          out.text(command('MULTI'));
          commands.write(out, given, offset, { epoch, sent, extra }, latest);
          const written = out.view();
          const lines = given
            .records()
            .map((record, i) => framer.frame({ ...record, extra }, epoch, offset + i, sent));
          const expected = lines.map((line, i) => {
            const publish = `*3\r\n${word('PUBLISH')}${word('gps:ü')}${word(line)}`;
            if (log === null) return publish;
            const id = `${epoch}-${offset + i}`;
            return `${publish}*5\r\n${word('XADD')}${word(log)}${word(id)}${word('e')}${word(line)}`;
          });
          assert.ok(written.equals(Buffer.from(`*1\r\n$5\r\nMULTI\r\n${expected.join('')}`)));
          const last = new Map(lines.map((line, i) => [given.subjects[i]!, line]));
          assert.deepEqual(
            new Map(
              [...latest].map(([subject, { start, length }]) => [
                subject,
                written.toString('utf8', start, start + length),
              ]),
            ),
            last,
          );
        }
      }),
      { numRuns: 80 },
    );
  });

  it('handles more subjects than it can cache', () => {
    const framer = new Framer({ channel: 'many', source: '/x' });
    const commands = new EventCommands(framer, 'many', null);
    const names = Array.from(
      { length: 40_000 },
      (_, i) => `vehicle ${i} of a fleet that is larger than most`,
    );
    const block = Block.of(names.map((subject) => ({ timeMs: 0, subject, data: '{}' })));
    const out = new CommandBuffer();
    for (let round = 0; round < 2; round++) {
      out.clear();
      commands.write(out, block, 1, { epoch: 1, sent: '', extra: '' });
      const events = [
        ...out
          .view()
          .toString()
          .matchAll(/\{"specversion.*\}/g),
      ];
      assert.deepEqual(
        events.map(([event]) => (JSON.parse(event) as { subject: string }).subject),
        names,
      );
    }
  });
});
