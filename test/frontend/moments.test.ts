import assert from 'node:assert/strict';
import { ChannelState } from '../../frontend/src/lib/live/channel-state.ts';
import { Channels } from '../../frontend/src/lib/live/channels.ts';
import { scopeKey, scopeOf } from '../../frontend/src/lib/live/scope.ts';
import { Moments } from '../../frontend/src/lib/timeline/moments.ts';
import { Topology } from '../../frontend/src/lib/live/topology.ts';
import type { CloudEvent } from '../../schemas/types.ts';

const at = (second: number) => new Date(Date.UTC(2026, 4, 4, 7, 0, second)).toISOString();
let offset = 0;
const event = (
  channel: string,
  subject: string,
  second: number,
  data: CloudEvent['data'],
  more = {},
): CloudEvent => ({
  specversion: '1.0',
  id: '',
  source: '',
  type: channel,
  subject,
  time: at(second),
  epoch: 1,
  offset: ++offset,
  replay: 'demo',
  sent: at(0),
  data,
  ...more,
});
const crossing = (subject: string, second: number, way: string, more = {}) =>
  event('gps.fences', subject, second, { event: way, fence: 'centre', name: 'Centre' }, more);

describe('the moments of a recording', () => {
  let moments: Moments;
  let channels: Channels;
  const listed = () =>
    moments.all.map(({ kind, subject, what, timeMs }) => [kind, subject, what, (timeMs / 1000) % 60]);
  function give(events: CloudEvent[], epoch = 1): void {
    for (const one of events) {
      if (!channels.all.has(one.type)) channels.all.set(one.type, new ChannelState(one.type));
      channels.batch({
        channel: one.type,
        epoch,
        from: one.offset,
        to: one.offset,
        events: [{ ...one, epoch }],
        conflated: 0,
        dropped: 0,
      });
    }
  }
  beforeEach(() => {
    moments = new Moments(new Topology());
    channels = new Channels([moments], () => {});
    offset = 0;
  });

  it('are alerts, stops with their start, and fence crossings, in order of time', () => {
    give([
      crossing('b', 30, 'enter'),
      event('gps.stops', 'a', 40, { event: 'arrived', arrived: at(10), duration_seconds: 30 }),
      event('alerts', 'all', 20, { kind: 'drift', severity: 'warning', message: 'It has changed' }),
      crossing('b', 35, 'dwell'),
      event('gps', 'a', 36, { latitude: 1, longitude: 2 }),
    ]);
    assert.deepEqual(listed(), [
      ['stop', 'a', 'arrived', 10],
      ['alert', 'all', 'warning', 20],
      ['fence', 'b', 'enter', 30],
    ]);
  });

  it('are listed once however often the recording is played, without those that a seek restored', () => {
    give([crossing('a', 10, 'enter')]);
    give(
      [crossing('a', 10, 'enter'), crossing('b', 11, 'enter', { restored: true }), crossing('a', 20, 'exit')],
      2,
    );
    assert.deepEqual(listed(), [
      ['fence', 'a', 'enter', 10],
      ['fence', 'a', 'exit', 20],
    ]);
  });

  it('are those of the replay that is shown, also among earlier events of the same channel and name', () => {
    channels.rescope(scopeOf(scopeKey({ id: 'demo', created: at(0) })));
    give([crossing('a', 10, 'enter'), crossing('b', 11, 'enter', { replay: 'other' })]);
    give([crossing('c', 5, 'enter', { sent: '2026-05-04T06:59:59.999Z' })], 2);
    const earlier = [
      crossing('d', 6, 'enter', { replay: 'other' }),
      crossing('e', 7, 'enter', { sent: '2026-05-04T06:59:59.999Z' }),
      crossing('f', 8, 'enter'),
    ];
    channels.recall('gps.fences', earlier);
    assert.deepEqual(listed(), [
      ['fence', 'f', 'enter', 8],
      ['fence', 'a', 'enter', 10],
    ]);
  });

  it('of no replay are those of events that no replay has sent', () => {
    channels.rescope(scopeOf(scopeKey(undefined)));
    give([crossing('a', 10, 'enter'), crossing('b', 11, 'enter', { replay: undefined })]);
    assert.deepEqual(listed(), [['fence', 'b', 'enter', 11]]);
  });

  it('have a next and a previous one, of all or of one subject', () => {
    give([crossing('a', 10, 'enter'), crossing('b', 20, 'enter'), crossing('a', 30, 'exit')]);
    const second = (moment: ReturnType<Moments['next']>) => moment && (moment.timeMs / 1000) % 60;
    assert.equal(second(moments.next(Date.parse(at(10)), 1)), 20);
    assert.equal(second(moments.next(Date.parse(at(10)), 1, 'gps\na')), 30);
    assert.equal(second(moments.next(Date.parse(at(30)), -1)), 20);
    assert.equal(moments.next(Date.parse(at(30)), 1), undefined);
  });
});
