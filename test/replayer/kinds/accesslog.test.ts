import assert from 'node:assert/strict';
import fc from 'fast-check';
import { formatOf } from '../../../replayer/reading/formats.ts';
import { assertDamageStaysInLine, playedContent, sortedRows } from '../../helpers/format-rows.ts';

const TIME = '10/Oct/2000:13:55:36 -0700';
const common = `127.0.0.1 - frank [${TIME}] "GET /apache_pb.gif HTTP/1.0" 200 2326`;
const only = async (line: string) => {
  const { values, problems } = await sortedRows('accesslog', line);
  assert.deepEqual(problems, []);
  assert.equal(values.length, 1);
  return values[0]!;
};

describe('Access logs', () => {
  it('common, as in the manual of Apache', async () => {
    assert.deepEqual(await only(common), {
      time: '2000-10-10T13:55:36-07:00',
      host: '127.0.0.1',
      user: 'frank',
      method: 'GET',
      path: '/apache_pb.gif',
      protocol: 'HTTP/1.0',
      status: 200,
      bytes: 2326,
    });
  });

  it('combined, with what nginx, proxies and virtual hosts add', async () => {
    const combined = `${common} "http://a.example/" "Mozilla/4.08 [en] (Win98; I ;Nav)"`;
    const { referer, user_agent: agent } = await only(combined);
    assert.deepEqual([referer, agent], ['http://a.example/', 'Mozilla/4.08 [en] (Win98; I ;Nav)']);
    const more = await only(`${combined} "10.0.0.1, 10.0.0.2" 0.004 [x y] -`);
    assert.deepEqual(more['extra'], ['10.0.0.1, 10.0.0.2', '0.004', 'x y', '-']);
    assert.deepEqual((await only(`${common} 0.004`))['extra'], ['0.004']);
    for (const vhost of ['www.example.org:80', 'www.example.org']) {
      const values = await only(`${vhost} ${combined}`);
      assert.deepEqual([values['vhost'], values['host'], values['user']], [vhost, '127.0.0.1', 'frank']);
    }
  });

  it('clients of every kind, and users with blanks in their names', async () => {
    for (const host of ['2001:db8::1', '::ffff:10.0.0.1', 'fe80::1%eth0', 'crawler.example.org', '10.1.2.3'])
      assert.equal((await only(common.replace('127.0.0.1', host)))['host'], host);
    const named = await only(common.replace('frank', 'Frank N. Furter'));
    assert.deepEqual([named['user'], named['vhost']], ['Frank N. Furter', undefined]);
    const v6 = await only(`[::1]:443 2001:db8::1 - - [${TIME}] "GET / HTTP/2.0" 200 1`);
    assert.deepEqual([v6['vhost'], v6['host']], ['[::1]:443', '2001:db8::1']);
  });

  it('requests that are none: bytes of TLS, a dash, a method alone', async () => {
    const request = async (text: string) => (await only(`1.2.3.4 - - [${TIME}] "${text}" 400 0`))['request'];
    assert.equal(await request('\\x16\\x03\\x01\\x00\\xEE'), '\\x16\\x03\\x01\\x00\\xEE');
    assert.equal(await request('-'), undefined);
    assert.equal(await request('QUIT'), 'QUIT');
    const { path } = await only(`1.2.3.4 - - [${TIME}] "GET /a b?q=\\"x\\"&y=\\\\ HTTP/1.1" 200 -`);
    assert.equal(path, '/a b?q="x"&y=\\');
  });

  it('times with fractions, in ISO 8601, and in any zone; others are refused', async () => {
    const { values, problems } = await sortedRows(
      'accesslog',
      [
        '10/Oct/2000:13:55:36.250 -0700',
        '2000-10-10T13:55:36+05:30',
        '31/Feb/2000:13:55:36 +0000',
        '10/Okt/2000:13:55:36 +0000',
        '10/Oct/2000:25:55:36 +0000',
      ]
        .map((time) => common.replace(TIME, time))
        .join('\n'),
    );
    assert.deepEqual(
      values.map(({ time }) => time),
      ['2000-10-10T13:55:36.250-07:00', '2000-10-10T13:55:36+05:30'],
    );
    assert.equal(problems.length, 3);
  });

  it('play under any name by their look, with the client as subject', async () => {
    const lines = [common, common.replace('36 -0700', '37 -0700').replace('127.0.0.1', '::1')].join('\r\n');
    for (const name of ['access.log', 'www_access_log', 'x.log', 'access.log.1']) {
      const { records, recording, refused } = await playedContent(name, lines);
      assert.equal(recording.format, 'accesslog');
      assert.deepEqual(refused, []);
      assert.deepEqual(
        records.map(({ time, subject }) => [time, subject]),
        [
          ['2000-10-10T20:55:36.000Z', '127.0.0.1'],
          ['2000-10-10T20:55:37.000Z', '::1'],
        ],
      );
    }
  });

  it('a .log of another kind is read as what it is', () => {
    assert.equal(formatOf('app.log', '{"time":1,"a":2}\n{"time":2,"a":3}\n').name, 'ndjson');
  });

  it('any texts come back as they were logged', async () => {
    const escaped = (text: string) =>
      text.replace(/["\\]/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\t', '\\t');
    const text = fc.string({ unit: fc.constantFrom(...'abc "\\[]\n\t-é/&='), minLength: 2, maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(text, text, text, async (request, referer, agent) => {
        const values = await only(
          `1.2.3.4 - - [${TIME}] "${escaped(`X${request}`)}" 200 5 "${escaped(referer)}" "${escaped(agent)}"`,
        );
        assert.deepEqual(
          [values['request'], values['referer'], values['user_agent']],
          [`X${request}`, referer, agent],
        );
      }),
      { numRuns: 300 },
    );
  });

  it('damage stays in its line', async () => {
    const lines = Array.from(
      { length: 8 },
      (_, i) => `${common.replace('2326', String(i))} "-" "agent ${i}"`,
    );
    await assertDamageStaysInLine('accesslog', lines, 200);
  });
});
