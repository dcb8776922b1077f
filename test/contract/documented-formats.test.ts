import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '../../core/redis/connection.ts';
import { root } from '../../core/runtime/root.mjs';
import { formats } from '../../replayer/reading/formats.ts';
import type { RecordingDescription } from '../../schemas/types.ts';
import { CommandLine } from '../helpers/command-line.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

const COMMAND = /^`npx reprise (play \S+ --dry-run)`$/;
const text = readFileSync(join(root, 'docs/recordings.md'), 'utf8');

/** The rows of the table of formats. */
const documented = text
  .slice(text.indexOf('\n## Formats'), text.indexOf('\n## Times'))
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .slice(2)
  .map((line) => {
    const [format, endings, row, command] = line.slice(1, -1).split('|');
    const names = Array.from(endings!.matchAll(/`([^`]+)`/g), ([, ending]) => ending!);
    return { format: format!.trim(), endings: names, row: row!.trim(), command: command!.trim() };
  });

describe('The table of formats in docs/recordings.md', () => {
  let server: TestRedis;
  let commands: CommandLine;
  before(async () => {
    server = await startRedis();
    commands = await CommandLine.start({ REDIS_URL: server.url });
    // The log of a channel that has been played.
    const redis = await connect(server.url, 'test');
    const sample = readFileSync(join(root, 'test/fixtures/formats/redis.entries.json'), 'utf8');
    for (const [id, fields] of JSON.parse(sample) as [string, string[]][])
      await redis.xadd('reprise:log:gps', id, ...fields);
    redis.disconnect();
  });
  after(async () => {
    await commands.stop();
    await server.stop();
  });

  it('has every format of the registry, and MCAP, once', () => {
    const names = documented.map(({ format }) => format);
    assert.deepEqual(names.toSorted(), [...formats.map(({ name }) => name), 'mcap'].toSorted());
  });

  for (const { format, endings, row, command } of documented) {
    it(`${format}: the endings are those of the format, and the command shows its sample`, async () => {
      const known = formats.find(({ name }) => name === format)?.endings;
      if (known && known.length > 0) assert.deepEqual(endings, known);
      assert.notEqual(row, '');
      const args = COMMAND.exec(command)?.[1]?.split(' ');
      assert.ok(args, `not a command that can be run: ${command}`);
      const said = await commands.run(...args);
      assert.equal(said.code, 0, said.stdout + said.stderr);
      assert.match(said.stdout, /^ {2}records {4}[1-9]/m);
      const told = await commands.run(...args, '--json');
      const { records, refused, start } = JSON.parse(told.stdout) as RecordingDescription;
      assert.deepEqual([records > 0, refused], [true, 0]);
      assert.match(start ?? '', /^20/);
    });
  }

  it('says true things about packed files and archives', async () => {
    const folder = 'test/fixtures/packed';
    const packed = readdirSync(join(root, folder)).filter((name) => name.startsWith('fleet.csv.'));
    for (const ending of ['.gz', '.zst', '.xz', '.bz2'])
      assert.ok(text.includes(`\`${ending}\``) && packed.includes(`fleet.csv${ending}`), ending);
    const counts = new Set<number>();
    for (const name of [...packed, 'fleet.csv', 'fleet.zip', 'fleet.zip/fleet.csv']) {
      const { code, stdout, stderr } = await commands.run('play', `${folder}/${name}`, '--dry-run', '--json');
      assert.equal(code, 0, `${name}: ${stderr}`);
      counts.add((JSON.parse(stdout) as RecordingDescription).records);
    }
    assert.equal(counts.size, 1);
  });
});
