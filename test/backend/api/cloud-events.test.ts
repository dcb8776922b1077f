import assert from 'node:assert/strict';
import type { CloudEvent } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import { ApiWorld } from '../../helpers/api-world.ts';

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';
const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** What each row becomes: some of its members, or the reason why it is refused. */
const ROWS: [row: object, expected: Partial<CloudEvent> | RegExp][] = [
  [
    { subject: 'ok', time: '2026-01-01T00:00:00Z' },
    { subject: 'ok', time: '2026-01-01T00:00:00.000Z' },
  ],
  [
    { subject: null, time: '2026-01-01T00:00:01Z' },
    { subject: 'unknown', time: '2026-01-01T00:00:01.000Z' },
  ],
  [{ subject: 'notime', time: null }, { subject: 'notime' }],
  [{ time: '2026-01-01T00:00:03Z' }, { subject: 'unknown', time: '2026-01-01T00:00:03.000Z' }],
  [{ time: '2026-01-01T00:00:04+05:30' }, { time: '2025-12-31T18:30:04.000Z' }],
  [{ time: '2016-12-31T23:59:60Z' }, { time: '2017-01-01T00:00:00.000Z' }],
  [{ time: '2017-01-01T05:29:60.5+05:30' }, { time: '2017-01-01T00:00:00.500Z' }],
  [{ time: '2016-12-31t23:59:59z' }, { time: '2016-12-31T23:59:59.000Z' }],
  [{ time: '2026-01-01T00:00:00.123456789Z' }, { time: '2026-01-01T00:00:00.123456789Z' }],
  [{ time: '2026-01-01T00:00:00.123456Z' }, { time: '2026-01-01T00:00:00.123456Z' }],
  [{ time: '2026-01-01T00:00:00.1-00:30' }, { time: '2026-01-01T00:30:00.100Z' }],
  [{ time: '2026-01-01T12:00:60Z' }, /time must be/],
  [{ time: '2026-02-30T00:00:00Z' }, /time must be/],
  [{ time: '2026-01-01T24:00:00Z' }, /time must be/],
  [{ time: '2026-01-01T00:00:00' }, /time must be/],
  [{ time: '2026-01-01' }, /time must be/],
  [{ time: 1 }, /time must be/],
  [{ subject: 7 }, /subject must be text/],
  [{ subject: 'a\u0007' }, /subject contains a character/],
  [{ subject: '\ud800' }, /subject contains a character/],
  [
    { tenant: 'a', tries: 3, dry: false },
    { tenant: 'a', tries: 3, dry: false },
  ],
  [{ gone: null }, { gone: undefined }],
  [
    { low: -(2 ** 31), high: 2 ** 31 - 1 },
    { low: -(2 ** 31), high: 2 ** 31 - 1 },
  ],
  [{ high: 2 ** 31 }, /high must be/],
  [{ part: 1.5 }, /part must be/],
  [{ list: [] }, /list must be/],
  [{ inner: {} }, /inner must be/],
  [{ text: 'a\nb' }, /text contains a character/],
  [{ camelCase: 'x' }, /"camelCase" can't be an attribute/],
  [{ snake_case: 'x' }, /"snake_case" can't be an attribute/],
  [{ datacontenttype: 'application/vnd.x+json' }, { datacontenttype: 'application/vnd.x+json' }],
  [
    { datacontenttype: 'application/json; charset=utf-8' },
    { datacontenttype: 'application/json; charset=utf-8' },
  ],
  [{ datacontenttype: 'text/xml' }, /datacontenttype must be JSON/],
  [{ dataschema: 'https://example.com/s' }, { dataschema: 'https://example.com/s' }],
  [{ data: 'text' }, /data must be an object/],
  [{ data: undefined }, /data must be an object/],
  [{ data: undefined, data_base64: 'eyJhIjoxfQ==' }, { data: { a: 1 } }],
  [{ data: undefined, data_base64: 'AAE=' }, /data_base64 must be a JSON object/],
  [{ data_base64: 'eyJhIjoxfQ==' }, /both data and data_base64/],
  [
    { id: '7', source: '/s', type: 't' },
    { originid: '7', originsource: '/s', origintype: 't', source: '/ingest' },
  ],
  [{ id: '7', originid: '1' }, { originid: '1' }],
  [{ id: '' }, /id must not be empty/],
  [{ id: 7 }, /id must be text/],
  [{ specversion: '0.3' }, /specversion must be "1.0"/],
  [
    { epoch: 9, offset: 9, sent: 'x', replay: 'r' },
    { offset: 1, replay: undefined },
  ],
  [
    { traceparent: PARENT, tracestate: 'a=1' },
    { traceparent: PARENT, tracestate: 'a=1' },
  ],
  [{ traceparent: PARENT.replace(/^00/, '01') + '-more' }, { traceparent: PARENT }],
  [{ traceparent: `${PARENT}-more` }, /traceparent is not valid/],
  [{ traceparent: PARENT.replace(/^00/, 'ff') }, /traceparent is not valid/],
  [{ traceparent: PARENT.toUpperCase() }, /traceparent is not valid/],
  [{ traceparent: `00-${'0'.repeat(32)}-b7ad6b7169203331-01` }, /traceparent is not valid/],
  [{ traceparent: `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01` }, /traceparent is not valid/],
  [{ traceparent: 'tp' }, /traceparent is not valid/],
  [{ traceparent: 1 }, /traceparent is not valid/],
  [{ traceparent: PARENT, tracestate: 'no' }, /tracestate is not valid/],
  [{ tracestate: 'a=1' }, /tracestate needs traceparent/],
  [{ route: ['a b'] }, /not a valid channel name/],
  [{ params: '5' }, /params must be/],
];

describe('CloudEvents 1.0 over HTTP', function () {
  let world: ApiWorld;
  let number = 0;
  before(async () => {
    world = await ApiWorld.start();
  });
  after(() => world.stop());

  async function channel(): Promise<string> {
    const name = `ce${++number}`;
    await world.redis.sadd(keys.channels, name);
    return name;
  }

  async function latest(name: string): Promise<CloudEvent> {
    return (await world.get(`/channels/${name}/history?limit=1`)).body.items[0] as CloudEvent;
  }

  function check(event: CloudEvent, expected: Partial<CloudEvent>): void {
    for (const [member, value] of Object.entries(expected)) assert.deepEqual(event[member], value, member);
  }

  for (const [row, expected] of ROWS) {
    it(`${JSON.stringify(row)}: ${expected instanceof RegExp ? 'refused' : 'taken'}`, async () => {
      const name = await channel();
      const event = { specversion: '1.0', data: { n: 1 }, ...row };
      const before = Date.now();
      const { body } = await world.post(`/channels/${name}/events`, event, { 'content-type': STRUCTURED });
      if (expected instanceof RegExp) return assert.match(body.refused[0].reason as string, expected);
      assert.equal(body.accepted, 1, JSON.stringify(body));
      const found = await latest(name);
      check(found, expected);
      // An event without a time has that of its receipt.
      if (!('time' in expected)) assert.ok(Date.parse(found.time) >= before, found.time);
    });
  }

  it('a batch is an array of events; one structured event is none', async () => {
    const name = await channel();
    const event = { specversion: '1.0', id: '1', source: '/s', type: 't', data: { n: 1 } };
    const good = await world.post(`/channels/${name}/events`, [event, event], { 'content-type': BATCH });
    assert.equal(good.body.accepted, 2);
    for (const [type, body] of [
      [BATCH, event],
      [STRUCTURED, [event]],
    ] as const) {
      const bad = await world.post(`/channels/${name}/events`, body, { 'content-type': type });
      assert.deepEqual([bad.status, bad.body.code], [400, 'body_malformed'], type);
    }
    const bare = await world.post(`/channels/${name}/events`, [event, { n: 1 }], { 'content-type': BATCH });
    assert.deepEqual(bare.body.refused, [{ index: 1, reason: 'specversion is missing' }]);
  });

  it('in binary mode the headers are the attributes, and the body is the data', async () => {
    const name = await channel();
    const send = (headers: { [name: string]: string }, body = '{"n": 1.0}') =>
      world.call('POST', `/api/v1/channels/${name}/events`, {
        body,
        headers: { 'content-type': 'application/json', 'ce-specversion': '1.0', ...headers },
      });
    const sent = await send({
      'ce-id': '1',
      'ce-source': '/me',
      'ce-type': 't',
      'ce-subject': 'Euro%20%E2%82%AC%20%F0%9F%98%80',
      'ce-time': '2026-01-01T00:00:00.5Z',
      'ce-tenant': '"a \\"b\\" 100%"',
      traceparent: PARENT,
      tracestate: 'a=1,b@c=2',
    });
    assert.equal(sent.status, 200, sent.text);
    check(await latest(name), {
      subject: 'Euro € 😀',
      time: '2026-01-01T00:00:00.500Z',
      tenant: 'a "b" 100%',
      originid: '1',
      originsource: '/me',
      traceparent: PARENT,
      tracestate: 'a=1,b@c=2',
      data: { n: 1 },
      datacontenttype: undefined,
    });
    assert.match((await world.get(`/channels/${name}/history`)).text, /"data":\{"n": 1\.0\}/);
    await send({ 'content-type': 'application/vnd.x+json' });
    check(await latest(name), { datacontenttype: 'application/vnd.x+json' });
    assert.equal((await send({ 'ce-subject': '%FF' })).status, 400);
    assert.equal((await send({ 'content-type': 'text/xml' }, '<a/>')).status, 415);
    assert.equal((await send({ 'ce-specversion': '2.0' })).status, 422);
    assert.equal((await send({ 'ce-tenant_name': 'x' })).status, 422);
    assert.equal((await send({}, '[{"n":1}]')).status, 422);
  });

  it('the trace of the request is that of rows that name none; headers that are not valid do not count', async () => {
    const name = await channel();
    const other = PARENT.replace('0af7', '0af8');
    const rows = [{ n: 1 }, { specversion: '1.0', traceparent: other, data: { n: 2 } }];
    const headers = { traceparent: PARENT, tracestate: 'a=1' };
    assert.equal((await world.post(`/channels/${name}/events`, rows, headers)).status, 200);
    const { items } = (await world.get(`/channels/${name}/history`)).body as { items: CloudEvent[] };
    check(items[1]!, { traceparent: PARENT, tracestate: 'a=1' });
    check(items[0]!, { traceparent: other, tracestate: undefined });
    await world.post(`/channels/${name}/events`, { n: 3 }, { traceparent: 'tp', tracestate: 'a=1' });
    check(await latest(name), { traceparent: undefined, tracestate: undefined });
    const unsampled = PARENT.replace(/01$/, '00');
    await world.post(`/channels/${name}/events`, { n: 4 }, { traceparent: unsampled, tracestate: 'a' });
    check(await latest(name), { traceparent: unsampled, tracestate: undefined });
  });

  it("a member of an event can't come twice", async () => {
    const name = await channel();
    const { body } = await world.call('POST', `/api/v1/channels/${name}/events`, {
      body: '{"specversion":"1.0","subject":"a","subject":"b","data":{"n":1}}',
      headers: { 'content-type': STRUCTURED },
    });
    assert.match(body.refused[0].reason as string, /"subject" twice/);
  });
});
