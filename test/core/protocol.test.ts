import assert from 'node:assert/strict';
import { keys } from '../../core/wire/keys.ts';
import { callProtocol, connect, type Redis } from '../../core/redis/connection.ts';
import { reducedSchema } from '../../core/lua/reduced-schema.ts';
import { KNOWN_MEMBERS } from '../../core/wire/attributes.ts';
import { readEventTime } from '../../core/wire/event-time.ts';
import { parseTraceparent } from '../../core/wire/trace.ts';
import { schemas, validator } from '../../schemas/index.ts';
import type { DeadLetter, CloudEvent, Hop, Service } from '../../schemas/types.ts';
import { eventually } from '../helpers/wait.ts';
import { openEpoch, startRedis, type TestRedis } from '../helpers/redis.ts';

/** Members that `reprise_send` takes besides extensions. */
const GIVEN = [...['source', 'replay', 'tracestate', 'pipeline', 'params', 'datacontenttype', 'dataschema']];
const CHECKED = new Set([
  'type',
  'required',
  'minimum',
  'maximum',
  'minLength',
  'enum',
  'additionalProperties',
]);

/** The data with each member missing, and with each value replaced by values of other types and sizes. */
function damaged(data: object): object[] {
  return Object.keys(data).flatMap((name) => [
    Object.fromEntries(Object.entries(data).filter(([each]) => each !== name)),
    // Lua does not tell an empty array from an empty object.
    ...[null, true, '', 'x', -1e9, 1e9, 1.5, [1], { a: 1 }].map((value) => ({
      ...data,
      [name]: value,
    })),
  ]);
}

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the protocol for services in any language', () => {
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
  beforeEach(async () => {
    await redis.flushall();
    for (const channel of ['a', 'svc.in', 'out']) await openEpoch(redis, channel);
  });

  const send = (channel: string, subject: string, data: string, members?: object) =>
    callProtocol(redis, 'send', [channel, subject, data, ...(members ? [JSON.stringify(members)] : [])]);
  const texts = async (channel: string) =>
    (await redis.xrange(keys.log(channel), '-', '+')).map(([, fields]) => fields[1]!);
  const events = async (channel: string) =>
    (await texts(channel)).map((text) => JSON.parse(text) as CloudEvent);
  const letters = async () =>
    (await redis.xrange(keys.deadLetters, '-', '+')).map(
      ([, fields]) => JSON.parse(fields[1]!) as DeadLetter,
    );
  const done = (id: string, output: string, ...data: string[]) =>
    callProtocol(redis, 'done', ['svc', 'svc.in', id, output, ...data]);
  const fail = (id: string, reason = 'no luck') => callProtocol(redis, 'fail', ['svc', 'svc.in', id, reason]);

  /** Lets the service read all new events. Returns their ids. */
  async function read(consumer = 'one'): Promise<string[]> {
    await redis.xgroup('CREATE', keys.log('svc.in'), 'svc', '0', 'MKSTREAM').catch(() => {});
    const found = (await redis.xreadgroup('GROUP', 'svc', consumer, 'STREAMS', keys.log('svc.in'), '>')) as
      [string, [string, string[]][]][] | null;
    return found?.[0]![1].map(([id]) => id) ?? [];
  }

  it('passes data on unchanged, digit for digit and character for character', async () => {
    const data = [
      '{"n":12345678901234567890,"x":0.1000,"e":1E+400,"empty":[],"none":{},"deep":[[[]]]}',
      '{"text":"Zürich ist schön 🚋 \\u0000 \\/ \\"data\\": 3. Gleis, -.5","a":"}{"}',
      '{"half":"\\ud83d","whole":"\\ud83d\\ude00","slash":"\\\\ud83d"}',
      '{}',
    ];
    for (const one of data) await send('a', 's', one);
    assert.deepEqual(
      (await texts('a')).map((text) => text.slice(text.indexOf(',"data":') + ',"data":'.length, -1)),
      data,
    );
    const isEvent = validator<CloudEvent>('event');
    for (const event of await events('a')) assert.ok(isEvent(event), JSON.stringify(isEvent.errors));
    await redis.xgroup('CREATE', keys.log('a'), 'svc', '0');
    await redis.xreadgroup('GROUP', 'svc', 'one', 'STREAMS', keys.log('a'), '>');
    for (const [i, one] of data.entries())
      assert.equal(await callProtocol(redis, 'done', ['svc', 'a', `1-${i + 1}`, 'b', one]), 1);
    assert.equal((await texts('b')).length, data.length);
  });

  it('refuses what other readers could not read, says why, and writes nothing', async () => {
    const refused = async (
      name: 'send' | 'done' | 'fail' | 'retry' | 'alive',
      args: string[],
      words: RegExp,
    ) =>
      assert.rejects(callProtocol(redis, name, args), (error: Error) => {
        assert.match(error.message, /^REFUSED /, error.message);
        assert.match(error.message, words);
        return true;
      });
    const bad: [string, RegExp][] = [
      ['', /JSON object/],
      ['[]', /JSON object/],
      ['"{"', /JSON object/],
      ['{"a":NaN}', /JSON object/],
      ['{"a":0x10}', /JSON object/],
      ['{"a":01}', /JSON object/],
      ['{"a":1.}', /both sides of the point/],
      ['{"a":-.5}', /both sides of the point/],
      ['{"a":1}\n', /one line/],
      ['{"a":"x\ty"}', /one line/],
      ['{"a":1}}', /JSON object/],
    ];
    for (const [data, words] of bad) {
      await refused('send', ['a', 's', data], words);
      await refused('done', ['svc', 'a', '1-1', 'b', data], words);
    }
    await assert.rejects(
      redis.call('FCALL', 'reprise_send', 0, 'a', 's', Buffer.from('{"a":"\xff"}', 'latin1')),
      /UTF-8/,
    );
    await assert.rejects(
      redis.call('FCALL', 'reprise_send', 0, 'a', Buffer.from('\xfc', 'latin1'), '{}'),
      /UTF-8/,
    );
    for (const channel of ['', 'reprise:setup', 'a b', '-a', 'ä', 'x'.repeat(129)])
      await refused('send', [channel, 's', '{}'], /channel/);
    await refused('send', ['a', 's'.repeat(1025), '{}'], /subject/);
    for (const args of [[], ['a'], ['a', 's']]) await refused('send', args, /takes/);
    const members: [object, RegExp][] = [
      [{ time: 'yesterday' }, /time/],
      [{ time: '2020-02-30T00:00:00Z' }, /time/],
      [{ time: 5 }, /time/],
      [{ route: 'b' }, /route/],
      [{ route: { to: 'b' } }, /route/],
      [{ route: [['a'], [3]] }, /route leads to 3/],
      [{ route: ['reprise:setup'] }, /reprise:setup/],
      [{ route: [[[[['a']]]]] }, /route/],
      [{ params: { a: 1 } }, /params must be text/],
      [{ restored: false }, /restored/],
      [{ epoch: 7 }, /"epoch" is not a member that can be given/],
      [{ camelCase: 'x' }, /"camelCase" can't be an attribute/],
      [{ part: 1.5 }, /part must be/],
      [{ big: 2 ** 31 }, /big must be/],
      [{ inner: {} }, /inner must be/],
      [{ text: 'a\nb' }, /text contains/],
      [{ time: '2026-01-01T12:00:60Z' }, /time/],
      [{ time: '2026-01-01T00:00:00+24:00' }, /time/],
      [{ traceparent: 'tp' }, /traceparent is not valid/],
      [{ traceparent: TRACE.toUpperCase() }, /traceparent is not valid/],
      [{ traceparent: `${TRACE}-more` }, /traceparent is not valid/],
      [{ traceparent: TRACE.replace(/^00/, 'ff') }, /traceparent is not valid/],
      [{ traceparent: `00-${'0'.repeat(32)}-${'1'.repeat(16)}-01` }, /traceparent is not valid/],
      [{ tracestate: 'a=1' }, /tracestate needs traceparent/],
      [{ traceparent: TRACE, tracestate: 'a' }, /tracestate is not valid/],
    ];
    for (const [given, words] of members)
      await refused('send', ['a', 's', '{}', JSON.stringify(given)], words);
    await refused('done', ['svc', 'a', '1-1'], /takes/);
    await refused('done', ['svc', 'a', '1-1', 'no channel', '{}'], /channel/);
    await refused('done', ['svc', 'a', 'x', ''], /id/);
    await refused('done', ['svc', 'a', '1-1', ''], /XGROUP CREATE reprise:log:a svc 0 MKSTREAM/);
    await refused('fail', ['svc', 'a', '1-1'], /takes/);
    await refused('retry', ['many'], /number/);
    await refused('alive', ['svc'], /takes/);
    await refused('alive', ['svc', 'one', '[]'], /JSON object/);
    await refused('alive', ['svc', 'one', '{"inputs":"a"}'], /inputs/);
    await refused('alive', ['svc', 'one', '{"state":"dancing"}'], /state/);
    const written = (await redis.keys('*')).filter((key) => !key.startsWith(keys.head('')));
    assert.deepEqual(written, []);
  });

  it('passes members on, converts times to UTC, and drops members that are null', async () => {
    const carried = { pipeline: 'p', route: ['x', [['y', 'z'], []]], params: '{"a":{}}', traceparent: TRACE };
    await send('a', 'é/1', '{}', { ...carried, time: '2019-12-24T21:21:27.999123+01:00', replay: null });
    await send('a', 's', '{}', { time: '2019-12-24T20:21:27.999123Z', restored: true });
    const [one, two] = await events('a');
    const { subject, time, pipeline, route, params, traceparent, replay } = one!;
    assert.deepEqual({ pipeline, route, params, traceparent }, carried);
    assert.deepEqual([subject, time, replay], ['é/1', '2019-12-24T20:21:27.999123Z', undefined]);
    assert.deepEqual(
      [two!.time, two!.restored, two!.route],
      ['2019-12-24T20:21:27.999123Z', true, undefined],
    );
    assert.equal(await redis.hget(keys.head('a'), 'time'), String(Date.parse(two!.time)));
    assert.equal(JSON.parse((await redis.hget(keys.state('a'), 'é/1'))!).offset, 1);
  });

  it('takes the same times as REST, with all their digits', async () => {
    for (const [given, expected] of [
      ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
      ['2017-01-01T05:29:60.5+05:30', '2017-01-01T00:00:00.500Z'],
      ['2026-01-01t00:00:00.123456789z', '2026-01-01T00:00:00.123456789Z'],
      ['2026-01-01T00:00:00.1-00:30', '2026-01-01T00:30:00.100Z'],
    ] as const) {
      assert.equal(readEventTime(given)!.text, expected);
      await send('a', 's', '{}', { time: given });
      assert.equal((await events('a')).at(-1)!.time, expected);
    }
  });

  it('keeps extensions and the trace through services and retries', async () => {
    const extensions = { tenant: 'a/b', tries: 3, dry: false };
    await redis.hset(keys.retryPolicy, 'svc.in', '1 0');
    const later = TRACE.replace(/^00/, '01') + '-more';
    await send('svc.in', 's', '{}', {
      ...extensions,
      traceparent: later,
      tracestate: 'a=1,b@c=2',
      gone: null,
    });
    await fail((await read())[0]!);
    await callProtocol(redis, 'retry', []);
    await done((await read())[0]!, 'out', '{"n":1.0}');
    for (const { tenant, tries, dry, tracestate, gone } of [
      ...(await events('svc.in')),
      ...(await events('out')),
    ]) {
      assert.deepEqual({ tenant, tries, dry }, extensions);
      assert.deepEqual([tracestate, gone], ['a=1,b@c=2', undefined]);
    }
    assert.equal((await events('svc.in'))[0]!.traceparent, TRACE);
    // No extension can have the name of a member that Reprise knows.
    for (const name of KNOWN_MEMBERS.filter((each) => !GIVEN.includes(each)))
      await assert.rejects(send('a', 's', '{}', { [name]: 'x' }), /REFUSED/, name);
  });

  it('finishes an event with results for several channels in one step', async () => {
    const finish = (id: string, ...results: string[]) =>
      callProtocol(redis, 'finish', ['svc', 'svc.in', id, ...results]);
    await send('svc.in', 's', '{}', { tenant: 'a', route: ['next', 'last'], traceparent: TRACE });
    const [id] = await read();
    const time = '2026-01-01T00:00:00.000Z';
    const members = JSON.stringify({ subject: 'other', time, tenant: 'b' });
    for (const [results, words] of [
      [['out'], /takes/],
      [['no channel', '{}', ''], /channel/],
      [['out', '[]', ''], /JSON object/],
      [['out', '{}', '{"route":["x"]}'], /route is not a member that a result can have|"route" is not/],
      [['out', '{}', '{"subject":1}'], /subject/],
      [['out', '{}', '', 'gps', '{"latitude":91,"longitude":0}', ''], /latitude must be <= 90, got 91/],
    ] as const) {
      await redis.hset(keys.schemas, 'gps', JSON.stringify(reducedSchema(schemas.get('channels/gps')!)));
      await assert.rejects(finish(id!, ...results), words);
    }
    assert.deepEqual(
      [await texts('out'), await texts('gps')],
      [[], []],
      'nothing is written by a refused call',
    );
    const results = ['', '{"a":1}', '', 'out', '{"b":2.0}', members, 'out', '{"c":3}', ''];
    assert.equal(await finish(id!, ...results), 1);
    assert.equal(await finish(id!, ...results), 0);
    const [next] = await events('next');
    assert.deepEqual([next!.data, next!.route, next!.tenant, next!.subject], [{ a: 1 }, ['last'], 'a', 's']);
    const [one, two] = await events('out');
    assert.deepEqual([one!.subject, one!.time, one!.tenant, one!.route], ['other', time, 'b', undefined]);
    assert.deepEqual([two!.subject, two!.tenant], ['s', 'a']);
    const [hop] = (await redis.xrange(keys.traces, '-', '+')).map(
      ([, fields]) => JSON.parse(fields[3]!) as Hop,
    );
    assert.deepEqual(hop!.to, ['next/1/1', 'out/1/1', 'out/1/2']);
  });

  it('begins a trace where it is asked to', async () => {
    for (let i = 0; i < 2; i++) await send('a', 's', '{}', { traceparent: 'new' });
    const found = await events('a');
    const traces = found.map(({ traceparent }) => parseTraceparent(traceparent)!);
    assert.ok(traces.every(({ isSampled }) => isSampled) && traces[0]!.trace !== traces[1]!.trace);
    const hops = (await redis.xrange(keys.traces, '-', '+')).map(
      ([, fields]) => JSON.parse(fields[3]!) as Hop,
    );
    const isHop = validator<Hop>('resources/hop');
    for (const hop of hops) assert.ok(isHop(hop), JSON.stringify(isHop.errors));
    assert.deepEqual(
      hops.map(({ trace, span, status, event }) => [trace, span, status, event]),
      traces.map(({ trace, span }, i) => [trace, span, 'sent', found[i]!.id]),
    );
  });

  it('checks data against the schema of their channel like everybody else, as far as it can', async () => {
    for (const name of [...schemas.keys()].filter((each) => each.startsWith('channels/'))) {
      const schema = schemas.get(name)!;
      const channel = name.slice('channels/'.length);
      await redis.hset(keys.schemas, channel, JSON.stringify(reducedSchema(schema)));
      const validate = validator(name);
      for (const example of (schema['examples'] ?? []) as object[])
        for (const data of [example, ...damaged(example)]) {
          const accepted = await send(channel, 's', JSON.stringify(data)).then(
            () => true,
            (error: Error) => !/REFUSED the data do not match the schema of .*: \S/.test(error.message),
          );
          // What the functions can't check passes; nothing that is valid is refused.
          if (validate(data)) assert.ok(accepted, `${name} ${JSON.stringify(data)}`);
          else if (CHECKED.has(validate.errors![0]!.keyword))
            assert.ok(!accepted, `${name} ${JSON.stringify(data)}`);
        }
    }
    await redis.xgroup('CREATE', keys.log('svc.in'), 'svc', '0', 'MKSTREAM');
    await send('svc.in', 's', '{}');
    await assert.rejects(
      done((await read())[0]!, 'gps', '{"latitude":"x","longitude":0}'),
      /latitude must be number/,
    );
  });

  it('sends derived events along every branch of the route, also through empty branches', async () => {
    await send('svc.in', 's', '{}', { route: [[['a', 'b'], [], ['c']], 'end'], pipeline: 'p' });
    const [id] = await read();
    assert.equal(await done(id!, 'own', '{"n":1}', '{"n":2}'), 1);
    const routes = { a: ['b', 'end'], end: undefined, c: ['end'], own: null };
    for (const [channel, route] of Object.entries(routes))
      assert.deepEqual(
        (await events(channel)).map((event) => [event.data['n'], event.route, event.pipeline]),
        route === null ? [] : [1, 2].map((n) => [n, route, 'p']),
        channel,
      );
    assert.equal(await done(id!, 'own', '{"n":1}'), 0, 'finishing twice writes once');
    assert.equal((await events('a')).length, 2);
  });

  it('writes nothing along a route that is not valid, and makes the event a dead letter at once', async () => {
    await redis.hset(keys.retryPolicy, 'svc.in', '3 10');
    await send('svc.in', 's', '{}');
    const [text] = await texts('svc.in');
    const wrong = text!
      .replace('"offset":1', '"offset":2')
      .replace(',"data"', ',"route":[["a"],["reprise:setup"]],"data"');
    await redis.xadd(keys.log('svc.in'), '1-2', 'e', wrong);
    await redis.xadd(keys.log('svc.in'), '1-3', 'e', 'no event at all');
    const ids = await read();
    await assert.rejects(done(ids[1]!, '', '{}'), /REFUSED the route leads to "reprise:setup"/);
    await assert.rejects(done(ids[2]!, '', '{}'), /REFUSED entry 1-3 of svc.in is not a valid event/);
    assert.deepEqual(await events('a'), []);
    assert.deepEqual([await fail(ids[1]!), await fail(ids[2]!)], ['dead', 'dead']);
    const [first, second] = await letters();
    assert.match(first!.reason, /reprise:setup/);
    assert.deepEqual([second!.content, second!.source], ['no event at all', '/services/svc']);
  });

  it('lets a service fail an event that has left the log, but not finish it', async () => {
    await send('svc.in', 's', '{}');
    const [id] = await read();
    await redis.xtrim(keys.log('svc.in'), 'MAXLEN', 0);
    await assert.rejects(done(id!, '', '{}'), /REFUSED event 1-1 has left the log of svc.in/);
    assert.equal(await fail(id!), 'dead');
    assert.deepEqual(
      (await letters()).map(({ reason }) => reason),
      ['event 1-1 has left the log of svc.in'],
    );
    assert.deepEqual((await redis.xpending(keys.log('svc.in'), 'svc'))[0], 0);
  });

  it('repeats a failed event unchanged but for its attempt, and never in a later epoch', async () => {
    await redis.hset(keys.retryPolicy, 'svc.in', '1 0');
    const data = '{"n":12345678901234567890,"text":"a,\\"data\\":b"}';
    const given = {
      time: '2020-01-01T00:00:00.000Z',
      restored: true,
      route: [['a'], []],
      params: '{}',
      replay: 'r',
    };
    await send('svc.in', 's', data, given);
    const [first] = await read();
    assert.equal(await fail(first!), 'retry');
    assert.equal(await callProtocol(redis, 'retry', []), 1);
    const [before, again] = await texts('svc.in');
    const changed = again!
      .replaceAll('svc.in/1/2', 'svc.in/1/1')
      .replace('"offset":2', '"offset":1')
      .replace(',"attempt":2', '')
      .replace(/"sent":"[^"]+"/, /"sent":"[^"]+"/.exec(before!)![0]);
    assert.equal(changed, before);
    const [second] = await read();
    assert.equal(await fail(second!, 'still '.repeat(1000)), 'dead');
    const [letter] = await letters();
    assert.deepEqual([letter!.reason.length, letter!.replay], [2000, 'r']);

    await send('svc.in', 's', '{}');
    const [third] = await read();
    await fail(third!);
    await redis.hset(keys.head('svc.in'), 'epoch', 2, 'offset', 0);
    assert.equal(await callProtocol(redis, 'retry', []), 1);
    assert.equal((await texts('svc.in')).length, 3);
    assert.equal(await redis.zcard(keys.retries), 0);
  });

  it('begins a newer epoch of the input on the output, too', async () => {
    await redis.hset(keys.head('svc.in'), 'epoch', 4, 'offset', 0);
    await send('out', 'old', '{}');
    await send('svc.in', 's', '{}');
    const [id] = await read();
    await done(id!, 'out', '{}', '{}');
    assert.deepEqual(
      (await events('out')).map(({ epoch, offset }) => [epoch, offset]),
      [
        [1, 1],
        [4, 1],
        [4, 2],
      ],
    );
    assert.deepEqual(await redis.hkeys(keys.state('out')), ['s'], 'the state of the previous epoch is gone');
  });

  it('writes a channel as it is configured', async () => {
    await redis.hset(keys.declared, 'bare', 'none 5 0 bare_state');
    const heard = redis.duplicate();
    const messages: string[] = [];
    heard.on('message', (_channel, message: string) => messages.push(message));
    await heard.subscribe('bare');
    for (let n = 0; n < 300; n++) await send('bare', 's', `{"n":${n}}`);
    assert.ok((await redis.xlen(keys.log('bare'))) < 200, 'the log is trimmed');
    assert.equal(await redis.get('bare_state'), '{"n":299}');
    assert.equal(await redis.exists(keys.state('bare')), 0);
    await eventually('the messages', () => messages.length >= 300);
    heard.disconnect();
    assert.equal(messages[0], '{"n":0}');
  });

  it('pushes nothing out of a log that an attached service has not read', async () => {
    const slowAt = (position: string, forMs: number) =>
      redis.hset(keys.consumers('out'), 'slow', `${position} ${Date.now() + forMs}`);
    await redis.hset(keys.declared, 'out', 'cloudevents 2 1 ');
    await slowAt('0-0', 60_000);
    await send('out', 's', '{}');
    await send('svc.in', 's', '{}');
    const [id] = await read();
    await assert.rejects(done(id!, 'out', '{}', '{}'), /^ReplyError: FULL slow has not read the log of out/);
    assert.equal((await events('out')).length, 1, 'nothing was written');
    await done(id!, 'out', '{}');
    await assert.rejects(send('out', 's', '{}'), /FULL slow/);
    await slowAt('1-1', 60_000);
    assert.equal(await send('out', 's', '{}'), '1-3');
    await slowAt('1-1', -1);
    assert.equal(await send('out', 's', '{}'), '1-4', 'a service that is gone is not waited for');
  });

  it('does not wait for a service because of earlier epochs that it has read', async () => {
    await redis.hset(keys.declared, 'out', 'cloudevents 4 1 ');
    for (const epoch of [1, 2]) {
      await redis.hset(keys.head('out'), 'epoch', epoch, 'offset', 0);
      await send('out', 's', '{}');
      await send('out', 's', '{}');
    }
    const slowAt = (position: string) =>
      redis.hset(keys.consumers('out'), 'slow', `${position} ${Date.now() + 60_000}`);
    await slowAt('1-1');
    await assert.rejects(send('out', 's', '{}'), /FULL slow/, 'it has not read 1-2');
    await slowAt('1-2');
    assert.equal(await send('out', 's', '{}'), '2-3');
    assert.equal(await send('out', 's', '{}'), '2-4');
    await assert.rejects(send('out', 's', '{}'), /FULL slow/, 'it has not read 2-1');
  });

  it('counts a service as far as the oldest event that it has not finished', async () => {
    for (let n = 0; n < 3; n++) await send('svc.in', 's', '{}');
    const at = async () => (await redis.hget(keys.consumers('svc.in'), 'svc'))!.split(' ')[0];
    const ids = await read();
    await done(ids[2]!, '');
    assert.equal(await at(), '1-0');
    await done(ids[0]!, '');
    assert.equal(await at(), '1-1');
    await done(ids[1]!, '');
    assert.equal(await at(), '1-3');
  });

  it('continues the trace, and records every attempt', async () => {
    await redis.hset(keys.retryPolicy, 'svc.in', '1 0');
    await send('svc.in', 's', '{}', { traceparent: TRACE });
    await send('svc.in', 's', '{}');
    const ids = await read();
    await fail(ids[0]!);
    for (const id of ids.slice(1)) await done(id, 'out', '{}');
    await callProtocol(redis, 'retry', []);
    const [again] = await read();
    await done(again!, 'out', '{}');
    const hops = (await redis.xrange(keys.traces, '-', '+')).map(
      ([, fields]) => JSON.parse(fields[3]!) as Hop,
    );
    const isHop = validator<Hop>('resources/hop');
    for (const hop of hops) assert.ok(isHop(hop), JSON.stringify(isHop.errors));
    assert.deepEqual(
      hops.map(({ status, event, parent, reason }) => [status, event, parent, reason]),
      [
        ['retried', 'svc.in/1/1', 'b7ad6b7169203331', 'no luck'],
        ['finished', 'svc.in/1/3', 'b7ad6b7169203331', undefined],
      ],
    );
    const out = await events('out');
    assert.deepEqual(
      out.map(({ traceparent }) => traceparent),
      [undefined, `00-0af7651916cd43dd8448eb211c80319c-${hops[1]!.span}-01`],
    );
  });

  it('answers a heartbeat with the set-up, keeps the service attached, and takes it off the list when it stops', async () => {
    const alive = (facts: object) => callProtocol(redis, 'alive', ['svc', 'one', JSON.stringify(facts)]);
    const listed = async () =>
      Object.values(await redis.hgetall(keys.services)).map((text) => JSON.parse(text) as Service);
    assert.equal(
      await alive({ inputs: [], outputs: ['b'], version: '1.2' }),
      '{"state":"running","params":{}}',
    );
    const [service] = await listed();
    const isService = validator<Service>('resources/service');
    assert.ok(isService(service), JSON.stringify(isService.errors));
    assert.deepEqual([service.instance, service.state, service.outputs], ['svc/one', 'running', ['b']]);
    await redis.hset(keys.outside, 'svc', '{"state":"stopped","params":{"n":[]}}');
    assert.equal(await alive({}), '{"state":"stopped","params":{"n":[]}}');
    assert.equal((await listed())[0]!.state, 'stopped');
    await redis.hdel(keys.outside, 'svc');
    await redis.hset(keys.consumers('svc.in'), 'svc', '3-4 17');
    await alive({ inputs: ['svc.in', 'other'] });
    const [position, until] = (await redis.hget(keys.consumers('svc.in'), 'svc'))!.split(' ');
    assert.equal(position, '3-4');
    assert.ok(Number(until) > Date.now());
    assert.equal(await redis.exists(keys.consumers('other')), 0);
    await alive({ state: 'failed', message: 'out of paper' });
    assert.deepEqual([(await listed())[0]!.state, (await listed())[0]!.message], ['failed', 'out of paper']);
    await alive({ state: 'stopped' });
    assert.deepEqual(await listed(), []);
  });
});
