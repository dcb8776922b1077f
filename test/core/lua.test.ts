import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import fc from 'fast-check';
import { levels } from '../../core/logging/log.ts';
import { assemble } from '../../core/lua/assemble.ts';
import { BATCH, FILES, FUNCTIONS } from '../../core/lua/functions.ts';
import { Layout, READERS_NEED, type Argument } from '../../core/lua/layout.ts';
import { callProtocol, connect, type Redis } from '../../core/redis/connection.ts';
import { limits } from '../../core/wire/limits.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

const folder = new URL('../../core/lua/', import.meta.url);
const json = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'));
const luaFiles = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.lua'),
);
/** The code of a file, without comments. */
const codeOf = (file: string) => readFileSync(new URL(file, folder), 'utf8').replace(/--.*$/gm, '');

describe('Lua and TypeScript', () => {
  it('every Lua file belongs to a library, every limit is used in Lua, and no file writes out a limit', () => {
    const listed = new Set(Object.values(FILES).flat());
    assert.deepEqual(luaFiles.sort(), Array.from(listed, (file) => `${file}.lua`).sort());
    const code = luaFiles.map(codeOf).join('\n');
    for (const limit of Object.keys(limits)) assert.match(code, new RegExp(`limits\\.${limit}\\b`));
    // Conversions of units and the calendar may be written out.
    for (const file of luaFiles.filter((each) => each !== 'protocol/time.lua'))
      for (const line of codeOf(file).split('\n'))
        assert.doesNotMatch(
          line.replace(/'[^']*'/g, ''),
          /\b(?!1000\b)\d{3,}\b/,
          `${file}: name it in limits.ts`,
        );
  });

  it('a library with a name that does not exist is refused, and the error says where', () => {
    const library = (text: string, functions = {}) =>
      assemble({ name: 'x', functions, files: { 'a.lua': text }, before: [] });
    assert.match(
      library('f(keys.receipt(a, b))'),
      /receipt = function\(part1, part2\) return 'reprise:receipt:' /,
    );
    assert.match(library('f(limits.BUCKETS)'), /BUCKETS = \{ 0\.001, /);
    assert.throws(() => library("redis.call('DEL', 'reprise:setup')"), /a\.lua: write keys\.<name>/);
    assert.throws(
      () => library('f(keys.nothing)'),
      /a\.lua uses keys\.nothing, which core\/wire\/keys\.ts does/,
    );
    assert.throws(() => library('f(limits.NOTHING)'), /a\.lua uses limits\.NOTHING/);
    assert.throws(() => library('f(keys.queue)'), /keys\.queue is neither a key nor a function/);
    assert.throws(() => library('', { emit: 'reprise_emit' }), /no file has a "local function emit"/);
  });

  it('documents and schemas name the limits that apply', () => {
    const protocol = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
    for (const limit of [limits.CHANNEL_NAME_MAX, limits.SUBJECT_MAX_BYTES, limits.LOG_MAX])
      assert.ok(protocol.includes(limit.toLocaleString('en')), String(limit));
    assert.equal(json('schemas/setup/channel.json').properties.log.default, limits.LOG_MAX);
    assert.equal(json('schemas/config.json').properties.logs.properties.keep.maximum, limits.LOGS_MAX);
  });

  describe('on Redis', () => {
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

    /** What the reader of a layout returns for some arguments: the table as JSON, and the index of the next argument. */
    async function read(
      layout: { reader(name: string): string },
      args: Argument[],
    ): Promise<[string, number]> {
      const script = `${READERS_NEED}\n${layout.reader('it')}\nlocal it, at = read_it(ARGV, 1)\nreturn { cjson.encode(it), at }`;
      return (await redis.eval(script, 0, ...args)) as [string, number];
    }

    it('Lua reads arguments under the names with which TypeScript wrote them', async () => {
      const layout = new Layout(
        { name: 'text', at: 'number', isOn: 'flag' },
        { pairs: 2, none: 1, words: 1 },
      );
      const words = fc.array(fc.string(), { maxLength: 5 });
      await fc.assert(
        fc.asyncProperty(
          fc.record({ name: fc.string(), at: fc.integer(), isOn: fc.boolean(), pairs: words, words }),
          async ({ name, at, isOn, pairs, words: some }) => {
            const args = layout.encode({
              name,
              at,
              isOn,
              pairs: [...pairs, ...pairs],
              none: [],
              words: some,
            }).list;
            const [text, next] = await read(layout, args);
            const found = JSON.parse(text);
            assert.deepEqual([found.name, found.at, found.isOn], [name, at, isOn]);
            const slice = (list: string) => args.slice(found[`${list}First`] - 1, found[`${list}Last`]);
            assert.deepEqual(
              [slice('pairs'), slice('words'), slice('none')],
              [[...pairs, ...pairs], some, []],
            );
            assert.deepEqual([found.pairs, found.words, found.none], [pairs.length, some.length, 0]);
            assert.equal(next, args.length + 1);
          },
        ),
        { numRuns: 50 },
      );
      assert.throws(() =>
        layout.encode({ name: '', at: 1, isOn: true, pairs: ['one'], none: [], words: [] }),
      );
    });

    it('reading an unknown field is an error', async () => {
      const script = `${READERS_NEED}\n${FUNCTIONS.hold.reader('it')}\nreturn read_it(ARGV, 1).tokn`;
      await assert.rejects(async () => redis.eval(script, 0, 'a', 1), /there is no field tokn/);
    });

    it('several batches can follow each other', async () => {
      const values = { channel: 'c', expectedEpoch: 1, expectedOffset: 2, epoch: 1, timeMs: '', logMax: 0 };
      const args = BATCH.encode({ ...values, events: ['e1', 'e2'], subjects: ['s', 2], bare: ['b1', 'b2'] });
      const count = args.list.length;
      BATCH.encode({ ...values, events: [], subjects: [], bare: [] }, args);
      const [text, next] = await read(BATCH, args.list);
      const { eventsFirst, subjectsFirst, bareFirst, bareLast } = JSON.parse(text);
      const at = (index: number) => args.list[index - 1];
      assert.deepEqual(
        [at(eventsFirst), at(subjectsFirst), at(bareFirst), at(bareLast)],
        ['e1', 's', 'b1', 'b2'],
      );
      assert.equal(next, count + 1);
    });

    it('a service can log at every level', async () => {
      for (const level of Object.keys(levels))
        assert.equal(await callProtocol(redis, 'log', ['svc', level, 'text']), 1);
    });
  });
});
