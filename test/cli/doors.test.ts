import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../core/runtime/root.mjs';
import { CommandLine, runCommand, type CommandResult } from '../helpers/command-line.ts';
import { recordedCase } from '../helpers/played.ts';
import { startRedis, type TestRedis } from '../helpers/redis.ts';

/** A recording, what every command has to count in it, and the flags of its guesses. */
interface Door {
  of: string;
  /** The name of a fixture, or a file to write. */
  file: string | { name: string; text: string };
  played: number;
  refused?: number;
  skipped?: number;
  absent?: number;
  guesses?: string[];
}

const point = (time: string) => `<trkpt lat="48" lon="11">${time && `<time>${time}</time>`}</trkpt>`;
const gpx = `<gpx><wpt lat="1" lon="2"><name>plan</name></wpt><trk><trkseg>${[0, 1, 2]
  .map((second) => point(`2024-05-01T10:00:0${second}Z`))
  .join('\n')}</trkseg></trk></gpx>`;
const lines = ['{"time":"2024-05-01T10:00:00Z","v":1}', 'rubbish', '{"time":"2024-05-01T10:00:01Z","v":2}'];
const table = 'time,v\n2024-05-01T10:00:00Z,1\ntime,v\n2024-05-01T10:00:01Z,2,3\n2024-05-01T10:00:02Z,4\n';

const DOORS: Door[] = [
  { of: 'dates in American order, without a zone', file: 'us_dates.csv', played: 60, guesses: ['--tz'] },
  { of: 'columns without names', file: 'cab.txt', played: 10, guesses: ['--time', '--latitude'] },
  { of: 'another encoding', file: 'latin1.csv', played: 2, guesses: ['--encoding'] },
  { of: 'times before 1970', file: 'before1970.csv', played: 20, guesses: ['--tz'] },
  { of: 'words for no value', file: 'null-words.csv', played: 5, absent: 6 },
  { of: 'a time far from the others', file: 'errors-first.json', played: 2, refused: 1 },
  { of: 'an archive', file: 'one.zip', played: 300 },
  { of: 'bare messages', file: 'bare-mixed.mcap', played: 9 },
  { of: 'a line of rubbish', file: { name: 'bad.ndjson', text: lines.join('\n') }, played: 2, refused: 1 },
  { of: 'a waypoint without a time', file: { name: 'plan.gpx', text: gpx }, played: 3, skipped: 1 },
  {
    of: 'a header that recurs, and a row that is too long',
    file: { name: 'again.csv', text: table },
    played: 2,
    refused: 1,
    skipped: 1,
  },
];

/** Reports of commands, as `--json` prints them. */
interface Report {
  messages: number;
  read: number;
  refused: number;
  skipped: number | { [reason: string]: number };
  filtered?: number;
  absent?: number;
  guesses: string[];
  records: number;
  counts: { [name: string]: number };
  description?: Report;
  findings: { what: string }[];
}

describe('Doors: every command says the same about a recording', function () {
  this.timeout(60_000);
  let folder: string;
  let server: TestRedis;
  let commands: CommandLine;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-doors-'));
    server = await startRedis();
    commands = await CommandLine.start({ REDIS_URL: server.url });
  });
  after(async () => {
    await commands.stop();
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const out = (name: string) => join(folder, name);
  const written = ({ name, text }: { name: string; text: string }) => {
    writeFileSync(out(name), text);
    return out(name);
  };
  const run = async (...args: string[]): Promise<CommandResult> => {
    const result = await commands.run(...args);
    assertDecent(result, args);
    return result;
  };

  for (const { of, file, played, refused = 0, skipped = 0, absent = 0, guesses = [] } of DOORS) {
    it(`${of}: the counts add up, and guesses are told`, async () => {
      const path = typeof file === 'string' ? recordedCase(file) : written(file);
      const code = refused > 0 ? 3 : 0;
      const isMcap = path.endsWith('.mcap');
      const read = played + refused + skipped;
      const json = async (...args: string[]) => {
        const { code: was, stdout, stderr } = await run(...args, '--json');
        assert.equal(was, code, `${args.join(' ')}: ${stdout}${stderr}`);
        assert.equal(stderr, '', args.join(' '));
        return JSON.parse(stdout) as Report;
      };
      const assertGuesses = (told: readonly string[], by: string) => {
        const all = told.join('\n');
        for (const flag of guesses) assert.ok(all.includes(`${flag} changes it`), `${by}: ${all}`);
        if (guesses.length === 0) assert.deepEqual(told, [], by);
      };

      const { counts, ...replay } = await json('play', path, '--rate', 'max');
      const total = counts['published']! + counts['refused']! + counts['skipped']! + counts['filtered']!;
      assert.deepEqual([counts['published'], total, counts['absent']], [played, read, absent]);
      assertGuesses(replay.guesses ?? [], 'play');

      const described = [await json('play', path, '--dry-run'), (await json('info', path)).description];
      for (const each of described) {
        if (!each) assert.ok(isMcap);
        else {
          assert.deepEqual(
            [each.records, each.refused, each.skipped, each.filtered, each.absent, each.read],
            [played, refused, skipped, 0, absent, read],
          );
          assertGuesses(each.guesses, 'describe');
        }
      }

      const doctor = await json('doctor', path);
      assert.deepEqual(
        [doctor.messages, doctor.refused, doctor.skipped, doctor.filtered, doctor.read],
        [played, refused, skipped, 0, read],
      );
      assertGuesses(doctor.guesses, 'doctor');

      for (const [times, args] of [
        [1, ['convert', path, out('converted.ndjson')]],
        [1, ['convert', path, out('converted.mcap')]],
        [1, ['cut', path, out('cut.csv'), '--start', '0s']],
        [2, ['merge', path, path, out('merged.ndjson')]],
      ] as const) {
        const report = await json(...args);
        const left = Object.values(report.skipped).reduce((sum, rows) => sum + rows, 0);
        assert.deepEqual(
          [report.messages, report.refused, left, report.absent, report.read],
          [played, refused, skipped, absent, read].map((count) => count * times),
          args.join(' '),
        );
        assertGuesses(report.guesses, args[0]);
      }
    });

    if (guesses.length === 0) continue;
    it(`${of}: a terminal shows each guess in one line with its option, and --strict refuses it`, async () => {
      const path = recordedCase(file as string);
      for (const args of [
        ['play', path, '--rate', 'max'],
        ['play', path, '--dry-run'],
        ['info', path],
        ['doctor', path],
        ['convert', path, out('told.ndjson')],
        ['cut', path, out('told.csv'), '--start', '0s'],
        ['merge', path, path, out('told.mcap')],
      ]) {
        const { code, stdout, stderr } = await run(...args);
        assert.equal(code, 0, stderr);
        const shown = `${stdout}${stderr}`.split('\n').filter((line) => line.includes('guess'));
        for (const flag of guesses)
          assert.equal(shown.filter((line) => line.includes(`${flag} changes it`)).length, 1, args[0]);
        const strict = await run(...args, '--strict');
        assert.equal(strict.code, args[0] === 'doctor' ? 3 : 1, args[0]);
        assert.match(`${strict.stdout}${strict.stderr}`, /can be read in several ways/);
      }
    });
  }

  it('nothing to play, or nothing intact: 3; the reason is told', async () => {
    const bad = written({ name: 'rubbish.ndjson', text: 'rubbish\nmore\n' });
    for (const path of [bad, recordedCase('gps-without-latitude.mcap')])
      for (const args of [
        ['play', path],
        ['doctor', path],
        ['convert', path, out('nothing.ndjson')],
      ]) {
        const { code, stdout, stderr } = await run(...args);
        assert.equal(code, 3, `${args.join(' ')}: ${stdout}${stderr}`);
        assert.match(`${stdout}${stderr}`, /Not JSON|required property 'latitude'/);
      }
  });

  it('a file that is cut off is refused with the place, and recover saves what is before it', async () => {
    const path = recordedCase('trunc3.ndjson.gz');
    for (const args of [
      ['play', path],
      ['info', path],
      ['convert', path, out('part.mcap')],
    ]) {
      const { code, stderr } = await run(...args);
      assert.equal(code, 1);
      assert.match(stderr, /cut off: .* after 7,555 unpacked bytes\..*reprise recover/);
    }
    const doctor = await run('doctor', path);
    assert.equal(doctor.code, 3);
    assert.equal(doctor.stdout.match(/reprise recover/g)!.length, 1);
    const { code, stdout } = await run('recover', path, out('saved.ndjson'));
    assert.equal(code, 3);
    assert.match(stdout, /^141 lines saved/);
    assert.equal((await run('play', out('saved.ndjson'), '--dry-run')).code, 0);
  });

  it('recover takes the only file of an archive, and refuses what has no lines', async () => {
    const { code, stdout } = await run('recover', recordedCase('one.zip'), out('one.ndjson'));
    assert.deepEqual([code, stdout.startsWith('300 lines saved')], [0, true], stdout);
    for (const name of ['parquet.parquet', 'gtfs.pb']) {
      const path = join(root, 'test/fixtures/formats', name);
      const refused = await run('recover', path, out(name));
      assert.equal(refused.code, 1);
      assert.match(refused.stderr, /has no lines/);
    }
  });

  it('a file that is not there, or a folder: 1, by every command', async () => {
    for (const [path, said] of [
      [out('missing.csv'), /There is no file missing\.csv/],
      [folder, /is not a file/],
    ] as const)
      for (const args of [
        ['play', path, '--dry-run'],
        ['play', path],
        ['info', path],
        ['doctor', path],
        ['convert', path, out('none.mcap')],
        ['cut', path, out('none.mcap'), '--start', '1s'],
        ['merge', path, path, out('none.mcap')],
        ['recover', path, out('none.csv')],
      ]) {
        const { code, stderr } = await run(...args);
        assert.equal(code, 1, args.join(' '));
        assert.match(stderr, said);
      }
  });

  it('an option that can not be read: 2, by every command that has it', async () => {
    const path = recordedCase('cab.txt');
    for (const [flag, value] of [
      ['--format', 'papyrus'],
      ['--encoding', 'klingon'],
      ['--tz', 'Mars/Base'],
      ['--reorder', 'soon'],
      ['--sample', 'some'],
      ['--filter', 'speed >'],
      ['--decimal', '!'],
      ['--outliers', 'love'],
    ] as const)
      for (const args of [
        ['play', path, '--dry-run'],
        ['info', path],
        ['doctor', path],
        ['convert', path, out('x.csv')],
      ]) {
        const { code, stderr } = await run(...args, flag, value);
        assert.equal(code, 2, `${args[0]} ${flag}: ${stderr}`);
      }
    assert.equal((await run('record', '*', '-o', out('x.mcap'), '--stop-after', 'late')).code, 2);
  });

  it('standard input is read like the file', async () => {
    const input = readFileSync(recordedCase('us_dates.csv'));
    const { code, stdout, stderr } = await runCommand(['convert', '-', out('in.ndjson'), '--json'], {
      input,
    });
    assert.equal(code, 0, stderr);
    const { read, messages, guesses } = JSON.parse(stdout) as Report;
    assert.deepEqual([read, messages], [60, 60]);
    assert.ok(guesses.some((guess) => guess.includes('--tz changes it')));
  });
});

/** No trace of a stack, and no path that was not given. */
function assertDecent({ stdout, stderr }: CommandResult, args: readonly string[]): void {
  const given = args.filter((arg) => arg.includes('/'));
  const said = given.reduce((text, path) => text.replaceAll(path, ''), `${stdout}${stderr}`);
  assert.doesNotMatch(said, /^\s+at .*:\d+/m, args.join(' '));
  for (const path of [root, homedir(), tmpdir(), 'node_modules'])
    assert.ok(path === '/' || !said.includes(path), `${args.join(' ')} shows ${path}: ${said.slice(0, 500)}`);
}
