import assert from 'node:assert/strict';
import { callProtocol } from '../../../core/redis/connection.ts';
import type { CloudEvent, Hop } from '../../../schemas/types.ts';
import { keys } from '../../../core/wire/keys.ts';
import { readHead } from '../../../core/redis/channel-store.ts';
import { eventually } from '../../helpers/wait.ts';
import { ApiWorld } from '../../helpers/api-world.ts';

const { serve } = (await import(
  new URL('../../../backend/analysis/main.ts', import.meta.url).href
)) as typeof import('../../../backend/analysis/main.ts');

const WAIT = '?wait=10';

describe('pipelines', () => {
  let world: ApiWorld;
  let analysis: { close(): Promise<void> };

  before(async () => {
    world = await ApiWorld.start({ services: {}, analytics: {}, pipelines: {} });
    analysis = await serve(world.settings);
  });
  after(async () => {
    await analysis.close();
    await world.stop();
  });

  async function log(channel: string): Promise<CloudEvent[]> {
    const entries = await world.redis.xrange(keys.log(channel), '-', '+');
    return entries.map(([, fields]) => JSON.parse(fields[1]!) as CloudEvent);
  }
  const put = async (name: string, definition: object, status = 201) => {
    const answer = await world.call('PUT', `/api/v1/pipelines/${name}`, { body: definition });
    assert.equal(answer.status, status, answer.text);
    return answer;
  };
  const letters = async () =>
    (await world.get('/deadletters')).body.items as { id: string; reason: string; source: string }[];

  it('the text pipeline returns the original, the cleaned text, language, sentiment and topics', async () => {
    await put('text', {
      steps: ['language', 'clean', 'sentiment', 'topics'].map((service) => ({ service })),
    });
    const answer = await world.post(`/pipelines/text/events${WAIT}`, [
      { text: 'I love the new tram in Lisbon sooooo much! https://example.org #tram' },
      { text: 'Das ist ja furchtbar schlecht, leider.', user: 'kim' },
    ]);
    assert.equal(answer.status, 200, answer.text);
    const [first, second] = (answer.body.results as CloudEvent[]).map(({ data }) => data);
    assert.equal(first!['text'], 'I love the new tram in Lisbon sooooo much! https://example.org #tram');
    assert.equal(first!['clean'], 'I love the new tram in Lisbon soo much! tram');
    assert.deepEqual([first!['language'], second!['language']], ['en', 'de']);
    assert.equal(first!['sentiment'], 'positive');
    assert.ok((first!['compound'] as number) > 0.5 && (first!['probability'] as number) > 0.5);
    assert.ok(
      (first!['topics'] as { term: string; kind: string }[]).some(
        (it) => it.term === 'tram' && it.kind === 'hashtag',
      ),
    );
    assert.equal(second!['user'], 'kim');
    assert.deepEqual(
      answer.body.results.map(({ subject, pipeline, route }: CloudEvent) => [subject, pipeline, route]),
      [
        ['unknown', 'text', undefined],
        ['unknown', 'text', undefined],
      ],
    );
  });

  it('every hop of a trace is recorded as the child of the one before', async () => {
    const answer = await world.post(`/pipelines/text/events${WAIT}`, { text: 'Good morning' });
    const [trace] = answer.body.traces as string[];
    const entries = await world.redis.xrange(keys.traces, '-', '+');
    const hops = entries
      .map(([, fields]) => JSON.parse(fields[3]!) as Hop)
      .filter((hop) => hop.trace === trace)
      // The time of sending is stored after the sending, and the first service may be faster.
      .sort((a, b) => Number(b.status === 'sent') - Number(a.status === 'sent'));
    assert.deepEqual(
      hops.map(({ service, status }) => [service, status]),
      [
        ['api', 'sent'],
        ['text.language', 'finished'],
        ['text.clean', 'finished'],
        ['text.sentiment', 'finished'],
        ['text.topics', 'finished'],
      ],
    );
    for (const [i, hop] of hops.entries()) {
      if (i > 0) assert.equal(hop.parent, hops[i - 1]!.span);
      const times = [hop.created, hop.sent, hop.received, hop.finished].map((time) => Date.parse(time));
      assert.deepEqual(
        times,
        [...times].sort((a, b) => a - b),
      );
    }
  });

  it('an event can carry parameters for a step, and invalid ones are reported', async () => {
    const event = (params: object) => ({ specversion: '1.0', data: { text: 'I love it' }, params });
    const answer = await world.post(
      `/pipelines/text/events${WAIT}`,
      event({ clean: { urls: 'keep' }, sentiment: { language: 'xx' } }),
    );
    assert.equal(answer.status, 200, answer.text);
    const wrong = await world.post('/pipelines/text/events?wait=1', event({ clean: { urls: 'burn' } }));
    assert.equal(wrong.status, 202, 'nothing comes out');
    const letter = (await letters())[0]!;
    assert.match(letter.reason, /params:.*urls/);
    assert.equal(letter.source, '/services/text.clean');
  });

  it('extensions, the state of the trace and the digits of what is passed on stay with an event', async () => {
    await put('kept', { steps: [{ service: 'copy' }, { service: 'copy', name: 'again' }] });
    const members = '"specversion":"1.0","tenant":"a/b","tries":3,"dry":false';
    const data = '{"n": 9007199254740993,"x":1.0,"e":1e999}';
    const answer = await world.call('POST', `/api/v1/pipelines/kept/events${WAIT}`, {
      body: `{${members},"subject":"s","data":${data}}`,
      headers: {
        'content-type': 'application/cloudevents+json',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        tracestate: 'a=1',
      },
    });
    assert.equal(answer.status, 200, answer.text);
    const [result] = answer.body.results as CloudEvent[];
    const { tenant, tries, dry, tracestate } = result!;
    assert.deepEqual(
      { tenant, tries, dry, tracestate },
      { tenant: 'a/b', tries: 3, dry: false, tracestate: 'a=1' },
    );
    assert.deepEqual(answer.body.traces, ['0af7651916cd43dd8448eb211c80319c']);
    assert.ok(answer.text.includes(`"data":${data}}`), answer.text);
  });

  it('a dead letter is put back with its digits and extensions, unless its channel refuses it', async () => {
    const letter = (channel: string, data: string) => {
      const members = '"specversion":"1.0","id":"x/1/1","source":"/s","type":"t","subject":"s","tenant":"a"';
      const content = `{${members},"time":"2026-01-01T00:00:00.123456789Z","traceparent":"tp","data":${data}}`;
      const text = JSON.stringify({
        at: '2026-01-01T00:00:00Z',
        channel,
        source: '/t',
        reason: 'r',
        content,
      });
      return world.redis.xadd(keys.deadLetters, '*', 'd', text);
    };
    const data = '{"n":9007199254740993,"x":1.0}';
    const [good, bad] = [await letter('back', data), await letter('gps', '{"latitude":91,"longitude":0}')];
    const answer = await world.post('/deadletters/redrive', { source: '/t' });
    assert.deepEqual(answer.body, { redriven: 1, left: 1 }, `${good} ${bad}`);
    const { text, body } = await world.get('/channels/back/history');
    assert.ok(text.includes(`"data":${data}}`), text);
    const [event] = body.items as CloudEvent[];
    assert.deepEqual(
      [event!.time, event!.tenant, event!.traceparent],
      ['2026-01-01T00:00:00.123456789Z', 'a', undefined],
    );
    const refused = await world.post(`/deadletters/${bad}/redrive`, {});
    assert.deepEqual([refused.status, refused.body.code], [422, 'events_refused'], refused.text);
    await world.redis.xdel(keys.deadLetters, bad!);
  });

  it('branches split and join, and the result does not depend on which is faster', async () => {
    await put('both', {
      steps: [{ branches: [[{ service: 'language' }], [{ service: 'clean' }, { service: 'sentiment' }]] }],
      to: 'both.out',
    });
    const answer = await world.post(`/pipelines/both/events${WAIT}`, {
      text: 'We are very happy &amp; grateful',
    });
    assert.equal(answer.status, 200, answer.text);
    const { data } = answer.body.results[0] as CloudEvent;
    assert.deepEqual(
      [data['language'], data['clean'], data['sentiment']],
      ['en', 'We are very happy & grateful', 'positive'],
    );
    await put('apart', {
      steps: [{ branches: [[{ service: 'language' }], [{ service: 'sentiment' }]], join: false }],
      to: 'apart.out',
    });
    await world.post('/pipelines/apart/events', { text: 'We are very happy' });
    const out = await eventually('both come out', async () => {
      const events = await log('apart.out');
      return events.length === 2 ? events : null;
    });
    assert.deepEqual(out.map(({ source }) => source).sort(), [
      '/services/apart.language',
      '/services/apart.sentiment',
    ]);
  });

  it('a channel can feed a pipeline', async () => {
    await put('fed', { from: 'stories', steps: [{ service: 'clean' }], to: 'fed.out' });
    await world.writer('stories').emit([{ timeMs: 1000, subject: 's', data: '{"text":"soooo good"}' }]);
    const [event] = await eventually('it comes out', async () => {
      const events = await log('fed.out');
      return events.length === 1 ? events : null;
    });
    assert.deepEqual(
      [event!.subject, event!.time, event!.pipeline, event!.data['clean']],
      ['s', '1970-01-01T00:00:01.000Z', 'fed', 'soo good'],
    );
  });

  it('stopping a step loses no event; a pipeline that is removed and created again handles no event twice', async () => {
    await put('two', { steps: [{ service: 'clean' }, { service: 'copy' }] });
    await world.call('PATCH', '/api/v1/services/two.copy', { body: { state: 'stopped' } });
    const status = async () =>
      (await world.get('/pipelines/two')).body.steps as { name: string; state: string; lag: number }[];
    await eventually('it is stopped', async () => (await status())[1]!.state === 'stopped');
    const answer = await world.post(
      '/pipelines/two/events',
      Array.from({ length: 20 }, (_, i) => ({ text: `post ${i}` })),
    );
    assert.equal(answer.body.accepted, 20);
    await eventually('they wait', async () => (await status())[1]!.lag === 20);
    await world.call('PATCH', '/api/v1/services/two.copy', { body: { state: 'running' } });
    await eventually('all come out', async () => (await log('two')).length === 20);
    await world.call('DELETE', '/api/v1/pipelines/two');
    await eventually('its services are gone', async () => {
      const { body } = await world.get('/services');
      return !(body.items as { name: string }[]).some(({ name }) => name.startsWith('two.'));
    });
    await put('two', { steps: [{ service: 'clean' }, { service: 'copy' }] });
    assert.equal((await world.post(`/pipelines/two/events${WAIT}`, { text: 'last' })).status, 200);
    assert.deepEqual(
      (await log('two')).map(({ data }) => data['text']),
      [...Array.from({ length: 20 }, (_, i) => `post ${i}`), 'last'],
    );
  });

  it('an event that an external service fails at is retried, then becomes a dead letter, and is put back by one call', async () => {
    await put('far', { steps: [{ outside: 'far', retries: 1, backoff: '50ms', params: { factor: 2 } }] });
    await world.post('/pipelines/far/events', { n: 21 });
    const [stream, group] = [keys.log('far.in'), 'far'];
    const next = async () => {
      const found = (await world.redis.xreadgroup(
        'GROUP',
        group,
        'test',
        'COUNT',
        1,
        'BLOCK',
        5_000,
        'STREAMS',
        stream,
        '>',
      )) as [string, [string, string[]][]][];
      const [id, fields] = found[0]![1][0]!;
      return { id, event: JSON.parse(fields[1]!) as CloudEvent };
    };
    const failed = async () => {
      const { id, event } = await next();
      return [event.attempt, await callProtocol(world.redis, 'fail', ['far', 'far.in', id, 'no luck'])];
    };
    assert.deepEqual(
      [await failed(), await failed()],
      [
        [undefined, 'retry'],
        [2, 'dead'],
      ],
    );
    const [letter] = await letters();
    assert.deepEqual([letter!.reason, letter!.source], ['no luck', '/services/far']);
    assert.equal((await world.post('/deadletters/redrive', { source: '/services/far' })).body.redriven, 1);
    const { id, event } = await next();
    assert.deepEqual([event.data, event.params, event.route], [{ n: 21 }, '{"far":{"factor":2}}', ['far']]);
    const done = () =>
      callProtocol(world.redis, 'done', ['far', 'far.in', id, '', JSON.stringify({ n: 42 })]);
    assert.deepEqual([await done(), await done()], [1, 0], 'twice is once');
    assert.deepEqual(
      (await log('far')).map(({ data, route, pipeline }) => [data, route, pipeline]),
      [[{ n: 42 }, undefined, 'far']],
    );
    assert.ok(!(await letters()).some((it) => it.id === letter!.id));
    const [step] = (await world.get('/pipelines/far')).body.steps as {
      failed: number;
      retried: number;
      lag: number;
    }[];
    assert.deepEqual([step!.failed, step!.retried, step!.lag], [1, 1, 0]);
  });

  it('an event with an invalid route becomes a dead letter', async () => {
    const event = { specversion: '1.0', data: { text: 'x' }, pipeline: 'text', route: ['reprise:setup'] };
    await world.post('/channels/text.language/events', event);
    await eventually('it is refused', async () => /reprise:setup/.test((await letters())[0]!.reason));
  });

  it('a line that is not an event becomes a dead letter, and the step continues', async () => {
    const { epoch, offset } = await readHead(world.redis, 'text.language');
    await world.redis.xadd(keys.log('text.language'), `${epoch}-${offset + 1}`, 'e', '{"data":1.}');
    await world.redis.hset(keys.head('text.language'), 'offset', offset + 1);
    assert.equal((await world.post(`/pipelines/text/events${WAIT}`, { text: 'still here' })).status, 200);
    assert.match((await letters())[0]!.reason, /not a valid event/);
  });

  it('a pipeline that cannot run is refused with the reason', async () => {
    const refused = async (definition: object, words: RegExp, status = 422) => {
      const answer = await world.call('PUT', '/api/v1/pipelines/x', { body: definition });
      assert.equal(answer.status, status, answer.text);
      assert.match(JSON.stringify(answer.body), words);
    };
    await refused({ steps: [{ service: 'nosuch' }] }, /nosuch/);
    await refused({ steps: [{ service: 'copy' }, { service: 'copy' }] }, /Two steps are called/);
    await refused({ steps: [] }, /steps/);
    await refused({ steps: [{ service: 'stops', params: { radius_m: 0 } }] }, /radius_m/);
    assert.equal((await world.post('/pipelines/x/events', {})).status, 404);
    assert.equal((await world.post('/pipelines/text/events', [3])).status, 422);
  });
});
