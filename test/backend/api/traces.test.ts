import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { TraceExport } from '../../../backend/api/stores/otlp.ts';
import { loadSettings } from '../../../core/settings/settings.ts';
import { keys } from '../../../core/wire/keys.ts';
import { createLog } from '../../../core/logging/log.ts';
import { callProtocol } from '../../../core/redis/connection.ts';
import { parseTraceparent } from '../../../core/wire/trace.ts';
import { recordHops } from '../../../core/redis/trace-log.ts';
import { ReplayHost } from '../../../replayer/hosting/host.ts';
import type { CloudEvent, Hop, Trace } from '../../../schemas/types.ts';
import { eventually } from '../../helpers/wait.ts';
import { ApiWorld } from '../../helpers/api-world.ts';

const { serve } = (await import(
  new URL('../../../backend/analysis/main.ts', import.meta.url).href
)) as typeof import('../../../backend/analysis/main.ts');

interface Attribute {
  key: string;
  value: { stringValue?: string };
}
interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
}
const valueOf = (attributes: Attribute[], key: string) =>
  attributes.find((attribute) => attribute.key === key)?.value.stringValue;

describe('traces', function () {
  this.timeout(20_000);
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

  const put = async (name: string, definition: object) => {
    const answer = await world.call('PUT', `/api/v1/pipelines/${name}`, { body: definition });
    assert.ok(answer.status < 300, answer.text);
  };
  const send = async (name: string, row: object, query = '') => {
    const answer = await world.post(`/pipelines/${name}/events${query}`, row);
    assert.ok(answer.status < 300, answer.text);
    return (answer.body.traces as string[])[0]!;
  };
  const get = async (id: string) => {
    const answer = await world.get(`/traces/${id}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body as Trace;
  };
  const list = async (query: string) => {
    const answer = await world.get(`/traces?${query}`);
    assert.equal(answer.status, 200, answer.text);
    return answer.body as { items: Trace[]; cursor: string | null };
  };
  const becomes = (id: string, status: Trace['status']) =>
    eventually(`trace ${status}`, async () => {
      const trace = await get(id);
      return trace.status === status ? trace : null;
    });

  it('show the route of an event hop by hop, with times', async () => {
    await put('two', { steps: [{ service: 'clean' }, { service: 'copy' }] });
    const id = await send('two', { text: 'soooo good' }, '?wait=10');
    const trace = await becomes(id, 'finished');
    assert.deepEqual(
      [trace.pipeline, trace.channel, trace.services],
      ['two', 'two.clean', ['two.clean', 'two.copy']],
    );
    assert.deepEqual(
      trace.hops!.map(({ service, status, depth, channel }) => [service, status, depth, channel]),
      [
        ['api', 'sent', 0, 'two.clean'],
        ['two.clean', 'finished', 1, 'two.clean'],
        ['two.copy', 'finished', 2, 'two.copy'],
      ],
    );
    const [, first, second] = trace.hops!;
    assert.deepEqual([first!.to, second!.to], [[second!.event], [`two/${second!.event.split('/')[1]}/1`]]);
    for (const hop of trace.hops!) {
      const times = [hop.sent, hop.received, hop.finished].map((time) => Date.parse(time));
      assert.deepEqual(times, [...times].sort());
      assert.deepEqual([hop.waitedMs + hop.tookMs], [times[2]! - times[0]!]);
    }
    assert.equal(Date.parse(trace.ended) - Date.parse(trace.started), trace.durationMs);
    assert.equal((await world.get(`/traces/${'0'.repeat(31)}1`)).status, 404);
  });

  it('a caller can supply a trace id and decide whether it is sampled', async () => {
    const [trace, span] = ['ab'.repeat(16), 'cd'.repeat(8)];
    const event = (flags: string) => ({
      specversion: '1.0',
      data: { text: 'x' },
      traceparent: `00-${trace}-${span}-${flags}`,
    });
    assert.equal(await send('two', event('00'), '?wait=10'), trace);
    assert.equal((await world.get(`/traces/${trace}`)).status, 404);
    await send('two', event('01'), '?wait=10');
    const { hops } = await becomes(trace, 'finished');
    assert.equal(hops!.length, 3);
    assert.deepEqual([hops![0]!.parent, hops![1]!.parent], [span, hops![0]!.span]);
  });

  it('show where an event waits, and since when', async () => {
    await world.call('PATCH', '/api/v1/services/two.copy', { body: { state: 'stopped' } });
    await eventually('it is stopped', async () =>
      (await world.get('/services')).body.items.some(
        (it: { name: string; state: string }) => it.name === 'two.copy' && it.state === 'stopped',
      ),
    );
    const id = await send('two', { text: 'hello' });
    await eventually('the first step', async () => (await get(id)).services.includes('two.clean'));
    const { status, waiting } = await get(id);
    assert.deepEqual(
      [status, waiting.map(({ channel, service, reason }) => [channel, service, reason])],
      ['waiting', [['two.copy', 'two.copy', 'unread']]],
    );
    assert.ok(Date.now() - Date.parse(waiting[0]!.since) >= waiting[0]!.ms);
    assert.deepEqual(
      (await list('status=waiting')).items.map((trace) => trace.id),
      [id],
    );
    await world.call('PATCH', '/api/v1/services/two.copy', { body: { state: 'running' } });
    await becomes(id, 'finished');
  });

  it('show branches as a tree', async () => {
    await put('both', {
      steps: [{ branches: [[{ service: 'language' }], [{ service: 'clean' }, { service: 'sentiment' }]] }],
      to: 'both.out',
    });
    const id = await send('both', { text: 'We are very happy' }, '?wait=10');
    const { hops } = await eventually('both branches have joined', async () => {
      const trace = await get(id);
      return trace.services.length === 5 && trace.hops!.length === 7 ? trace : null;
    });
    const of = (service: string) => hops!.filter((hop) => hop.service === `both.${service}`);
    assert.deepEqual(
      [of('language')[0]!.parent, of('clean')[0]!.parent],
      [of('enter')[0]!.span, of('enter')[0]!.span],
    );
    assert.deepEqual(
      of('join')
        .map(({ depth }) => depth)
        .sort(),
      [3, 4],
    );
    assert.equal(of('sentiment')[0]!.parent, of('clean')[0]!.span);
  });

  it('show the outcome of the last try of an event that fails, becomes a dead letter and is put back', async () => {
    await put('far', { steps: [{ outside: 'far', retries: 1, backoff: '50ms' }] });
    const id = await send('far', { n: 1 });
    assert.deepEqual((await becomes(id, 'waiting')).waiting[0]!.channel, 'far.in');
    const next = async () => {
      const stream = keys.log('far.in');
      const { redis } = world;
      // prettier-ignore
      const found = (await redis.xreadgroup(
        'GROUP', 'far', 'test', 'COUNT', 1, 'BLOCK', 5_000, 'STREAMS', stream, '>',
      )) as [string, [string, string[]][]][];
      return found[0]![1][0]![0];
    };
    const fail = async () => callProtocol(world.redis, 'fail', ['far', 'far.in', await next(), 'no luck']);
    assert.equal(await fail(), 'retry');
    const { waiting } = await becomes(id, 'waiting');
    assert.deepEqual(
      waiting.map(({ reason, service }) => [reason, service]),
      [['retry', 'far']],
    );
    assert.equal(await fail(), 'dead');
    const { failures } = await becomes(id, 'failed');
    const letters = (await world.get('/deadletters')).body.items as { id: string }[];
    assert.deepEqual(
      failures.map(({ service, reason, deadLetter }) => [service, reason, deadLetter]),
      [['far', 'no luck', letters[0]!.id]],
    );
    assert.deepEqual(
      (await list('status=failed')).items.map((trace) => trace.id),
      [id],
    );
    await world.post(`/deadletters/${letters[0]!.id}/redrive`, undefined);
    await callProtocol(world.redis, 'done', ['far', 'far.in', await next(), '', '{"n":2}']);
    const { hops } = await becomes(id, 'finished');
    assert.deepEqual(
      hops!.map(({ status }) => status),
      ['sent', 'retried', 'failed', 'finished'],
    );
    const { event, to } = hops!.at(-1)!;
    assert.deepEqual(to, [`far/${event.split('/')[1]}/1`]);
    assert.deepEqual((await list('status=failed')).items, []);
  });

  it('are listed once each, latest first, page by page, by channel, service and pipeline', async () => {
    const all = Array.from({ length: 30 }, (_, i) => i.toString(16).padStart(32, 'f'));
    const hop = (trace: string, service: string): Hop => {
      const time = new Date().toISOString();
      return {
        trace,
        span: '1'.repeat(16),
        service,
        channel: `c.${service}`,
        event: `c.${service}/1/1`,
        created: time,
        sent: time,
        received: time,
        finished: time,
        status: 'finished',
        pipeline: 'many',
      };
    };
    // The hops of all traces lie between each other.
    await recordHops(world.redis, [...all.map((id) => hop(id, 'a')), ...all.map((id) => hop(id, 'b'))]);
    const pages = async (query: string) => {
      const found: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page = await list(`${query}&limit=7${cursor && `&cursor=${cursor}`}`);
        found.push(...page.items.map(({ id }) => id));
        cursor = page.cursor;
      }
      return found;
    };
    const latestFirst = [...all].reverse();
    assert.deepEqual(await pages('pipeline=many'), latestFirst);
    assert.deepEqual(await pages('service=a'), latestFirst);
    assert.deepEqual(await pages('channel=c.a&service=b'), []);
    assert.equal((await pages('')).filter((id) => latestFirst.includes(id)).length, all.length);
    assert.deepEqual((await list('service=a&limit=1')).items[0]!.services, ['a', 'b']);
  });

  it('are exported by OTLP under their own ids, and sent again if the collector refuses them', async () => {
    type Spans = { resource: { attributes: Attribute[] }; scopeSpans: { spans: OtlpSpan[] }[] };
    const received: Spans[] = [];
    const calls: string[] = [];
    const collector = createServer((request, response) => {
      let text = '';
      request.on('data', (piece: Buffer) => (text += piece.toString()));
      request.on('end', () => {
        calls.push(`${request.method} ${request.url} ${String(request.headers['x-team'])}`);
        // The collector fails the first time.
        if (calls.length === 1) return response.writeHead(500).end();
        received.push(...(JSON.parse(text) as { resourceSpans: Spans[] }).resourceSpans);
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    const { port } = collector.address() as AddressInfo;
    const { otlp } = loadSettings(
      {},
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/`,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-team=blue%20one,other=2',
      },
    );
    const exporting = new TraceExport(world.redis, otlp!, 'test', createLog('test', 'silent'));
    try {
      await eventually('it follows', async () => {
        const groups = await world.redis.xinfo('GROUPS', keys.traces);
        return JSON.stringify(groups).includes('otlp');
      });
      await put('two', { steps: [{ service: 'clean' }, { service: 'copy' }] });
      const id = await send('two', { text: 'soooo good' }, '?wait=10');
      const { hops } = await becomes(id, 'finished');
      const spans = () =>
        received.flatMap(({ resource, scopeSpans }) =>
          scopeSpans.flatMap((scope) =>
            scope.spans.map((span) => ({ ...span, service: valueOf(resource.attributes, 'service.name') })),
          ),
        );
      await eventually('the spans', () => spans().length >= 3);
      assert.deepEqual(
        spans()
          .map(({ traceId, spanId, parentSpanId, service, name }) => [
            traceId,
            spanId,
            parentSpanId,
            service,
            name,
          ])
          .sort(),
        hops!
          .map((hop) => [
            id,
            hop.span,
            hop.parent,
            hop.service,
            `${hop.status === 'sent' ? 'send' : 'process'} ${hop.channel}`,
          ])
          .sort(),
      );
      const [first] = spans();
      const hop = hops!.find(({ span }) => span === first!.spanId)!;
      assert.deepEqual(
        [first!.startTimeUnixNano, first!.endTimeUnixNano].map((timeNs) => Math.round(Number(timeNs) / 1e6)),
        [Date.parse(hop.received), Date.parse(hop.finished)],
      );
      assert.equal(valueOf(first!.attributes, 'messaging.message.id'), hop.event);
      assert.deepEqual([...new Set(calls)], ['POST /v1/traces blue one']);
      assert.ok(calls.length >= 2);
    } finally {
      await exporting.close();
      collector.close();
    }
  });

  it('cover a share of the records of a replay: the same ones each time', async () => {
    const rows = Array.from(
      { length: 1_000 },
      (_, i) => `${1_700_000_000 + i},bus-${i % 7},${48 + i / 1e4},11.5`,
    );
    writeFileSync(join(world.folder, 'buses.csv'), ['time,subject,latitude,longitude', ...rows].join('\n'));
    const log = createLog('test', 'silent');
    const host = new ReplayHost({
      redis: world.redis,
      instance: 'test',
      channels: {},
      folder: world.folder,
      log,
    });
    const play = async (trace?: string) => {
      const options = { id: 'buses.csv', channel: 'buses', subject: 'subject' };
      const source = { ...options, path: join(world.folder, 'buses.csv') };
      const replay = await host.start({ recordings: [options], rate: 'max', trace }, [source], false);
      await host.finished(replay.id);
      const { epoch } = replay.player;
      await host.remove(replay.id);
      const entries = await world.redis.xrange(keys.log('buses'), `${epoch}-0`, `${epoch}`);
      return entries.map(([, fields]) => JSON.parse(fields[1]!) as CloudEvent);
    };
    const [never, first, second] = [await play(), await play('10%'), await play('10%')];
    const tracedOf = (events: CloudEvent[]) =>
      events.flatMap(({ traceparent }, i) => (traceparent ? [i] : []));
    assert.deepEqual([never.length, first.length], [1_000, 1_000]);
    assert.deepEqual(tracedOf(never), []);
    assert.ok(
      tracedOf(first).length > 60 && tracedOf(first).length < 150,
      `${tracedOf(first).length} of 1000`,
    );
    assert.deepEqual(tracedOf(second), tracedOf(first));
    assert.deepEqual(
      first.map(({ time, subject, offset, data }) => ({ time, subject, offset, data })),
      never.map(({ time, subject, offset, data }) => ({ time, subject, offset, data })),
    );
    const some = second[tracedOf(second).at(-1)!]!;
    const { trace, isSampled } = parseTraceparent(some.traceparent)!;
    assert.ok(isSampled);
    const { hops } = await eventually('it is on record', async () => {
      const answer = await world.get(`/traces/${trace}`);
      return answer.status === 200 ? (answer.body as Trace) : null;
    });
    assert.deepEqual([hops![0]!.event, hops![0]!.created, hops![0]!.status], [some.id, some.time, 'sent']);
    await assert.rejects(play('much'), /"much" is not a valid share/);
    await host.close();
  });
});
