import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const packed = (name: string) => readFileSync(join(root, 'test/fixtures/packed', name));

describe('R18: standard input for every command', function () {
  this.timeout(120_000);
  let folder: string;
  let temporary: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'reprise-stdin-'));
    temporary = join(folder, 'tmp');
    mkdirSync(temporary);
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Runs the command line; returns what it said, and that it left no temporary file. */
  const run = (args: string[], input: Buffer) => {
    const env = { ...process.env, TMPDIR: temporary };
    const { status, stdout, stderr } = spawnSync(process.execPath, ['bin/reprise.js', ...args], {
      cwd: root,
      input,
      env,
    });
    const left = readdirSync(temporary).filter((name) => name.startsWith('.unpacked+'));
    return { status, stdout: stdout.toString(), stderr: stderr.toString(), left };
  };
  const out = (name: string) => join(folder, name);

  it('convert, cut, merge, doctor, info, recover and play read it, packed or in an archive', () => {
    const mcap = out('fleet.mcap');
    const plain = packed('fleet.csv');
    const commands: [args: string[], input: Buffer, said: RegExp][] = [
      [['convert', '-', mcap], plain, /^400 messages on gps/],
      [['convert', '-', out('b.ndjson')], packed('fleet.csv.bz2'), /^400 messages/],
      [['cut', '-', out('c.csv'), '--start', '10s', '--end', '19s'], packed('fleet.zip'), /^10 messages/],
      [
        ['merge', '-', join(root, 'test/fixtures/packed/fleet.csv'), out('d.csv')],
        packed('fleet.csv.xz'),
        /^800 messages/,
      ],
      [['doctor', '-'], packed('fleet.csv.zst'), /400 messages/],
      [['info', '-'], packed('members.csv.gz'), /400 messages/],
      [['recover', '-', out('e.csv')], packed('fleet.csv.gz'), /saved in/],
      [['play', '-', '--dry-run'], packed('streams.csv.xz'), /records +400/],
    ];
    for (const [args, input, said] of commands) {
      const { status, stdout, stderr, left } = run(args, input);
      assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`);
      assert.match(stdout, said);
      assert.deepEqual(left, [], args.join(' '));
    }
    for (const input of [readFileSync(mcap), gzipSync(readFileSync(mcap))]) {
      for (const args of [
        ['play', '-', '--dry-run'],
        ['info', '-'],
        ['convert', '-', out('f.csv')],
      ]) {
        const { status, stdout, stderr, left } = run(args, input);
        assert.equal(status, 0, `${args.join(' ')}: ${stdout}${stderr}`);
        assert.match(stdout, /400/);
        assert.deepEqual(left, []);
      }
    }
  });

  it('an empty pipe and a damaged one are refused by what they are', () => {
    const empty = run(['convert', '-', out('x.csv')], Buffer.alloc(0));
    assert.deepEqual([empty.status, empty.left], [1, []]);
    assert.match(empty.stderr, /stdin is empty/);
    const cut = run(['convert', '-', out('x.csv')], packed('fleet.csv.gz').subarray(0, 2_000));
    assert.deepEqual([cut.status, cut.left], [1, []]);
    assert.match(cut.stderr, /stdin is cut off: its gzip data end after [\d,]+ unpacked bytes/);
  });
});
