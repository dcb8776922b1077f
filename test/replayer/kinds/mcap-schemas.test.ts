import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormatsModule from 'ajv-formats';
import fc from 'fast-check';
import { Framer } from '../../../core/wire/event.ts';
import { convert } from '../../../replayer/files/convert.ts';
import { McapFile } from '../../../replayer/record/mcap-sink.ts';
import { wireMessage } from '../../../replayer/record/wire-message.ts';
import { schemas } from '../../../schemas/index.ts';
import { messagesOf } from '../../helpers/mcap-content.ts';
import { played } from '../../helpers/played.ts';
import { valid } from '../../helpers/schema-arbitrary.ts';

const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default;

/** All channels with a schema, and one without. */
const CHANNELS = [
  ...[...schemas.keys()].filter((name) => name.startsWith('channels/')).map((name) => name.slice(9)),
  'unheard.of',
];

/** Data that the schema of a channel accepts. */
function dataOf(channel: string, count: number): object[] {
  const schema = schemas.get(`channels/${channel}`) ?? { type: 'object' };
  const isValid = schemas.has(`channels/${channel}`) ? standalone({ ...schema, $id: undefined }) : () => true;
  const arbitrary = valid(schema, schema).filter((value) => isValid(value) && isPlain(value));
  return fc.sample(arbitrary, { numRuns: count, seed: 27 }) as object[];
}

const isPlain = (value: unknown) => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Compiles a schema as a reader of a file does that knows nothing else. */
function standalone(schema: object): ValidateFunction {
  const ajv = new Ajv2020({ strict: false, validateSchema: false });
  addFormats(ajv);
  return ajv.compile(JSON.parse(JSON.stringify(schema)) as object);
}

/** Checks every message against the schema that is embedded for it; returns how many had one. */
async function checkMessages(path: string): Promise<number> {
  const validators = new Map<string, ValidateFunction>();
  let checked = 0;
  for (const { message, schema, channel } of await messagesOf(path)) {
    if (!schema) continue;
    const text = Buffer.from(schema.data).toString();
    let validate = validators.get(text);
    if (!validate) validators.set(text, (validate = standalone(JSON.parse(text) as object)));
    const value = JSON.parse(Buffer.from(message.data).toString()) as unknown;
    assert.ok(
      validate(value),
      `${channel.topic}: ${JSON.stringify(validate.errors)} ${JSON.stringify(value)}`,
    );
    checked++;
  }
  return checked;
}

describe('R27: the schema that is embedded for a message', () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), 'reprise-schemas-'))));
  after(() => rm(folder, { recursive: true }));

  it('is valid for what is recorded: events of every channel, of other programs, and anything else', async () => {
    const path = join(folder, 'recorded.mcap');
    const file = await McapFile.create(path, {});
    let [events, bare] = [0, 0];
    const add = (channel: string, text: string) => {
      const message = wireMessage(channel, Buffer.from(text), Date.now());
      if (message.event) events++;
      else bare++;
      file.add(message);
    };
    for (const channel of CHANNELS) {
      const framer = new Framer({ channel, source: '/test' });
      for (const [i, data] of dataOf(channel, 20).entries()) {
        const record = { timeMs: 1_700_000_000_000 + i, subject: `s${i % 3}`, data: JSON.stringify(data) };
        add(channel, framer.frame(record, 1, i + 1, '2024-05-01T10:00:00.000Z'));
        add(channel, framer.frame({ ...record, data: '{"not":"of this channel"}' }, 1, i + 21, '2024-05-01'));
      }
      add(channel, '{"specversion":"1.0","data":{}}');
      add(channel, '{"specversion":"1.0","time":5,"epoch":"x","subject":7,"data":{"a":1}}');
      add(channel, '{"bare":1}');
      add(channel, 'text');
    }
    await file.end();
    assert.equal(bare, CHANNELS.length * 2);
    assert.equal(await checkMessages(path), events);
    assert.equal((await played(path)).records.length, events + bare);
    const strict = (await messagesOf(path)).filter(
      ({ channel, schema }) =>
        channel.topic === 'gps' && Buffer.from(schema?.data ?? []).includes('"latitude"'),
    );
    assert.ok(strict.length >= 20, 'the data of the channel are described');
  });

  it('is valid for what convert writes, on every channel', async () => {
    for (const channel of CHANNELS) {
      const [path, out] = [join(folder, `${channel}.ndjson`), join(folder, `${channel}.mcap`)];
      const framer = new Framer({ channel, source: '/test' });
      const lines = dataOf(channel, 20).map((data, i) => {
        const record = { timeMs: 1_700_000_000_000 + i, subject: `s${i % 3}`, data: JSON.stringify(data) };
        return framer.frame(record, 1, i + 1, '2024-05-01T10:00:00.000Z');
      });
      await writeFile(path, `${lines.join('\n')}\n`);
      const { messages, refused } = await convert({ inputs: [path], out, options: {} });
      assert.deepEqual([messages, refused], [20, 0], channel);
      assert.equal(await checkMessages(out), 20);
    }
  });
});
