import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { keys } from '../../core/wire/keys.ts';
import type { Redis } from '../../core/redis/connection.ts';
import type { CloudEvent } from '../../core/wire/event.ts';
import { eventually } from '../helpers/wait.ts';
import { withRedis } from '../helpers/redis.ts';

const bin = fileURLToPath(new URL('../../bin/reprise.js', import.meta.url));

describe('reprise publish and listen', function () {
  this.timeout(30_000);
  let redis: Redis;
  let url: string;
  withRedis((connected) => ({ redis, url } = connected));

  function reprise(...args: string[]) {
    const child = spawn(process.execPath, [bin, ...args], { env: { ...process.env, REDIS_URL: url } });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (text: Buffer) => (said.stdout += text.toString()));
    child.stderr.on('data', (text: Buffer) => (said.stderr += text.toString()));
    const ended = once(child, 'close').then(([code]) => code as number | null);
    return { child, said, ended };
  }

  it('are the two ends of a channel: each line an event, a bad one named and kept as a dead letter', async () => {
    const listener = reprise('listen', 'chat*', '--count', '3', '--names');
    await eventually('the listener', () => listener.said.stderr.includes('Listening'));
    const publisher = reprise('publish', 'chat', '--subject', 'user');
    publisher.child.stdin.write('{"user":"ann","n":1.50}\n{"user":"be');
    await eventually('the first line', () => listener.said.stdout.includes('1.50'));
    publisher.child.stdin.end('n"}\n{"user":\nhello\n{"user":"cy"}');
    assert.equal(await publisher.ended, 3);
    assert.match(
      publisher.said.stderr,
      /^stdin:3: Not JSON: .*\nstdin:4: No subject: it has no "user"\.\n3 events on chat; 2 lines refused\.\n$/,
    );
    assert.equal(await listener.ended, 0);
    const heard = listener.said.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t') as [string, string]);
    const events = heard.map(([, text]) => JSON.parse(text) as CloudEvent);
    assert.deepEqual(
      heard.map(([name], i) => [name, events[i]!.offset, events[i]!.subject]),
      [
        ['chat', 1, 'ann'],
        ['chat', 2, 'ben'],
        ['chat', 3, 'cy'],
      ],
    );
    assert.match(heard[0]![1], /"data":\{"user":"ann","n":1\.50\}\}$/, 'digit for digit');
    assert.equal(await redis.xlen(keys.deadLetters), 2);
  });

  it('are a chain: events stay what they are, and data alone begin anew', async () => {
    const event = {
      ...{
        specversion: '1.0',
        subject: 'kim',
        time: '2019-12-24T20:21:27.123456789Z',
        tenant: 'a/b',
        tries: 3,
      },
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    };
    const data = '{"n": 9007199254740993,"x":1.0,"e":"\\ud83d"}';
    const listener = reprise('listen', 'a', '--count', '2');
    const second = reprise('publish', 'b');
    listener.child.stdout.pipe(second.child.stdin);
    await eventually('the listener', () => listener.said.stderr.includes('Listening'));
    const first = reprise('publish', 'a');
    first.child.stdin.end(`\ufeff${JSON.stringify(event).slice(0, -1)},"data":${data}}\r\n\r\n${data}`);
    assert.equal(await first.ended, 0, first.said.stderr);
    assert.equal(await second.ended, 0, second.said.stderr);
    assert.match(second.said.stderr, /^2 events on b; no lines refused\.\n$/);
    for (const channel of ['a', 'b']) {
      const lines = (await redis.xrange(keys.log(channel), '-', '+')).map(([, fields]) => fields[1]!);
      assert.deepEqual(
        lines.map((line) => line.slice(line.indexOf(',"data":') + ',"data":'.length, -1)),
        [data, data],
      );
      const [one, two] = lines.map((line) => JSON.parse(line) as CloudEvent);
      for (const [member, value] of Object.entries(event)) assert.equal(one![member], value, member);
      assert.deepEqual([one!.type, two!.subject], [channel, 'a']);
    }
  });

  it('refuses what is not an event or not UTF-8, line by line, and says so', async () => {
    const publisher = reprise('publish', 'gps');
    const good = '{"latitude":1,"longitude":2}';
    const lines = [
      `{"specversion":"1.0","traceparent":"tp","data":${good}}`,
      `{"specversion":"1.0","time":"yesterday","data":${good}}`,
      '{"specversion":"1.0","data":{"latitude":91,"longitude":0}}',
      '{"latitude":"\xff","longitude":0}',
      good,
    ];
    publisher.child.stdin.end(Buffer.from(lines.join('\n'), 'latin1'));
    assert.equal(await publisher.ended, 3);
    for (const words of [
      /^stdin:1: traceparent/m,
      /^stdin:2: time/m,
      /^stdin:3: .*latitude/m,
      /^stdin:4: Not UTF-8/m,
    ])
      assert.match(publisher.said.stderr, words);
    assert.match(publisher.said.stderr, /^1 events on gps; 4 lines refused\.$/m);
  });

  it('takes any text as a text', async () => {
    const publisher = reprise('publish', 'notes');
    publisher.child.stdin.end('hello "you"\n\n');
    assert.equal(await publisher.ended, 0);
    const state = JSON.parse((await redis.hget(keys.state('notes'), 'notes'))!) as CloudEvent;
    assert.deepEqual(state.data, { text: 'hello "you"' });
  });
});
