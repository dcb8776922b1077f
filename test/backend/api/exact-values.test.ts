import assert from 'node:assert/strict';
import fc from 'fast-check';
import { keys } from '../../../core/wire/keys.ts';
import { partsOf } from '../../../core/wire/json-text.ts';
import { ApiWorld } from '../../helpers/api-world.ts';

/** JSON texts that JavaScript would write in another way, or could not hold. */
const NUMBERS = [
  '9007199254740993',
  '-9007199254740993',
  '1e999',
  '-1E-400',
  '0.1000000000000000055',
  '-0',
  '1.0',
  '1e2',
  '100',
  '123456789012345678901234567890.123456789012345678901234567890',
];
const TEXTS = [
  '"\\u0041"',
  '"\\ud800"',
  '"\\/"',
  '"é"',
  '"\\u2028\\n"',
  '"\\",\\"data\\":{"',
  '"\\\\"',
  '"}"',
];

const number = fc.oneof(
  fc.constantFrom(...NUMBERS),
  fc
    .tuple(
      fc.constantFrom('', '-'),
      fc.bigInt({ min: 0n, max: 10n ** 25n }),
      fc.option(fc.bigInt({ min: 0n, max: 10n ** 25n })),
      fc.constantFrom('', 'e3', 'E-07', 'e+400'),
    )
    .map(([sign, whole, rest, power]) => `${sign}${whole}${rest === null ? '' : `.${rest}`}${power}`),
);
const text = fc.oneof(
  fc.constantFrom(...TEXTS),
  fc.string({ unit: 'binary' }).map((each) => JSON.stringify(each)),
);
const blank = fc.constantFrom('', '', ' ', '  ');

/** The text of a JSON object; its shape, its spaces and its names vary, and a name may come twice. */
const { object } = fc.letrec<{ value: string; object: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(number, text, fc.constantFrom('null', 'true', 'false')),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(',')}]`),
    tie('object'),
  ),
  object: fc
    .array(fc.tuple(text, blank, tie('value'), blank), { maxLength: 4 })
    .map((members) => `{${members.map(([name, a, value, b]) => `${a}${name}${b}:${a}${value}`).join(',')}}`),
}));

describe('what was posted is what is read, digit for digit', function () {
  let world: ApiWorld;
  before(async () => {
    world = await ApiWorld.start();
  });
  after(() => world.stop());

  const inEvent = (data: string, subject: string) =>
    `{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"${subject}","data":${data}}`;

  /** Each way in: the body and its type for a list of data. */
  const doors: { [name: string]: (data: string[]) => [type: string, body: string][] } = {
    'one datum': (data) => data.map((each) => ['application/json', each]),
    'an array': (data) => [['application/json', `[${data.join(' ,\n ')}]`]],
    NDJSON: (data) => [['application/x-ndjson', data.join('\r\n')]],
    'an event': (data) => data.map((each) => ['application/cloudevents+json', inEvent(each, 's')]),
    'a batch': (data) => [
      ['application/cloudevents-batch+json', `[${data.map((each) => inEvent(each, 's')).join()}]`],
    ],
    'UTF-16': (data) => data.map((each) => ['application/json; charset=utf-16le', each]),
  };

  for (const [door, bodiesOf] of Object.entries(doors)) {
    it(`through ${door}`, async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(object, { minLength: 1, maxLength: 3 }), async (data) => {
          const channel = `exact.${door.replaceAll(' ', '-')}.${++run}`;
          await world.redis.sadd(keys.channels, channel);
          for (const [type, body] of bodiesOf(data)) {
            const bytes = type.includes('utf-16') ? Buffer.from(body, 'utf16le') : Buffer.from(body);
            const posted = await world.call('POST', `/api/v1/channels/${channel}/events?subject=s`, {
              body: new Uint8Array(bytes),
              headers: { 'content-type': type },
            });
            assert.equal(posted.status, 200, posted.text);
          }
          const { text: history } = await world.get(`/channels/${channel}/history`);
          const shown = itemsOf(history).reverse();
          assert.deepEqual(shown.map(dataOf), data);
          const last = shown.at(-1)!;
          const { text: state } = await world.get(`/channels/${channel}/state`);
          assert.deepEqual(itemsOf(state), [last]);
          assert.equal((await world.get(`/channels/${channel}/state/s`)).text, last);
          const batched = await world.get(`/channels/${channel}/history`, {
            accept: 'application/cloudevents-batch+json',
          });
          assert.deepEqual(partsOf(batched.text).reverse(), shown);
        }),
        { numRuns: 25 },
      );
    });
  }

  it('through a projection to some members', async () => {
    await world.redis.sadd(keys.channels, 'some');
    await world.call('POST', '/api/v1/channels/some/events?subject=s', {
      body: '{"b":-0,"a": 9007199254740993,"c":[1.0 ,{"d":1e999}]}',
      headers: { 'content-type': 'application/json' },
    });
    const { text } = await world.get('/channels/some/state/s?fields=a,c,a,missing');
    assert.equal(dataOf(text), '{"a":9007199254740993,"c":[1.0 ,{"d":1e999}]}');
    const all = await world.get('/channels/some/state?fields=b&bbox=-180,-90,180,90');
    assert.match(all.text, /^\{"items":\[\],"epoch":\d+,"offset":1\}$/);
  });

  it('as a dead letter, too', async () => {
    const refused = '{"latitude":9007199254740993,"longitude":1.0}';
    const { body } = await world.call('POST', '/api/v1/channels/gps/events', {
      body: refused,
      headers: { 'content-type': 'application/json' },
    });
    assert.equal(body.code, 'events_refused');
    const letters = (await world.get('/deadletters?limit=1')).body;
    assert.equal(letters.items[0].content, refused);
  });

  it('but for bytes that are not UTF-8, which are refused', async () => {
    const { status, body } = await world.call('POST', '/api/v1/channels/gps/events', {
      body: new Uint8Array(Buffer.from('{"a":"\xff"}', 'latin1')),
      headers: { 'content-type': 'application/json' },
    });
    assert.deepEqual([status, body.code], [400, 'body_malformed']);
  });
});

function itemsOf(text: string): string[] {
  const start = '{"items":';
  assert.ok(text.startsWith(start), text);
  const end = /,"(?:cursor|epoch)":[^[{]*\}$/.exec(text)!.index;
  return partsOf(text.slice(start.length, end));
}

function dataOf(line: string): string {
  return line.slice(line.indexOf(',"data":') + ',"data":'.length, -1);
}
