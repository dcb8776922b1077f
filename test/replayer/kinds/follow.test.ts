import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { OpenOptions, RefusedRecord } from '../../../replayer/reading/open-options.ts';
import { openRecording, playable } from '../../../replayer/playing/playable.ts';
import { FollowedFile, type FollowOptions } from '../../../replayer/reading/source/follow.ts';

/** What happens to the file at one look: bytes are added, or it gets a successor, or it is shortened to nothing. */
type Step =
  | { kind: 'append'; bytes: Buffer }
  | { kind: 'replace'; before: Buffer; after: Buffer }
  | { kind: 'shorten' };

describe('Following a growing file', () => {
  let folder: string;
  let path: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'reprise-follow-'))));
  after(() => rmSync(folder, { recursive: true }));
  let files = 0;
  beforeEach(() => (path = join(folder, `${++files}.csv`)));

  /** Does one thing at each look, and ends the following after the last. */
  function doing(actions: (() => void)[]): { follow: FollowOptions; told: string[] } {
    const ended = new AbortController();
    const told: string[] = [];
    const left = [...actions];
    const wait = () => {
      const next = left.shift();
      if (next) next();
      else ended.abort();
      return Promise.resolve();
    };
    return { follow: { signal: ended.signal, told: (sentence) => told.push(sentence), wait }, told };
  }

  function replace(): void {
    renameSync(path, `${path}.${++files}`);
    writeFileSync(path, '');
  }

  async function linesOf(follow: FollowOptions): Promise<string[]> {
    const lines: string[] = [];
    for await (const piece of new FollowedFile(path, follow).lines()) {
      assert.equal(piece.at(-1), 10, 'a piece ends with a line feed');
      lines.push(...piece.toString().split('\n').slice(0, -1));
    }
    return lines;
  }

  async function recordsOf(actions: (() => void)[], options: OpenOptions = {}) {
    const { follow, told } = doing(actions);
    const refused: RefusedRecord[] = [];
    const recording = await openRecording(path, {
      refuse: (rows) => refused.push(...rows),
      ...options,
      follow,
    });
    const records: { timeMs: number; data: string }[] = [];
    for await (const { block } of playable(recording).rows(-Infinity))
      for (const { timeMs, data } of block.records()) records.push({ timeMs, data });
    return { recording, records, refused, told };
  }

  const nOf = ({ data }: { data: string }) => (JSON.parse(data) as { n: number }).n;
  const rows = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => `2024-05-01T10:00:0${from + i}Z,${from + i}\n`).join('');

  it('yields every whole line once and in order, wherever the file is cut, replaced or shortened', async () => {
    const text = fc
      .array(fc.string({ unit: 'binary', maxLength: 12 }).map((line) => line.replaceAll('\n', '')))
      .map((lines) => Buffer.from(lines.map((line) => `${line}\n`).join('')));
    const bytes = fc
      .tuple(text, fc.nat())
      .map(([whole, cut]) => whole.subarray(0, whole.length - (cut % (whole.length + 1))));
    const step: fc.Arbitrary<Step[]> = fc.oneof(
      { weight: 4, arbitrary: piecesOf(text) },
      { weight: 2, arbitrary: piecesOf(bytes) },
      {
        weight: 1,
        arbitrary: fc
          .record({ kind: fc.constant('replace' as const), before: bytes, after: bytes })
          .map((one): Step[] => [one]),
      },
      { weight: 1, arbitrary: fc.constant<Step[]>([{ kind: 'shorten' }]) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (groups) => {
        const steps = groups.flat();
        path = join(folder, `${++files}.csv`);
        writeFileSync(path, '');
        const { follow, told } = doing(steps.map((one) => () => apply(one)));
        const { lines, restarts, left } = expected(steps);
        assert.deepEqual(await linesOf(follow), lines);
        assert.equal(told.filter((sentence) => sentence.includes('read from its start')).length, restarts);
        const counted = told.flatMap((text) => /^The last ([\d,]+) bytes/.exec(text)?.[1] ?? []);
        assert.deepEqual(
          counted.map((number) => Number(number.replaceAll(',', ''))),
          left,
        );
      }),
      { numRuns: 150 },
    );
  });

  function piecesOf(text: fc.Arbitrary<Buffer>): fc.Arbitrary<Step[]> {
    return fc.tuple(text, fc.array(fc.nat(), { maxLength: 6 })).map(([all, cuts]) => {
      const places = [0, ...cuts.map((cut) => cut % (all.length + 1)), all.length].sort((a, b) => a - b);
      return places
        .slice(1)
        .map((place, i) => ({ kind: 'append', bytes: all.subarray(places[i], place) }) as const);
    });
  }

  function apply(step: Step): void {
    if (step.kind === 'append') appendFileSync(path, step.bytes);
    else if (step.kind === 'shorten') truncateSync(path);
    else {
      appendFileSync(path, step.before);
      replace();
      appendFileSync(path, step.after);
    }
  }

  /** The whole lines, how often it begins anew, and how many bytes without a line feed are left each time. */
  function expected(steps: Step[]): { lines: string[]; restarts: number; left: number[] } {
    const lines: string[] = [];
    const left: number[] = [];
    let [size, restarts] = [0, 0];
    let open: Buffer = Buffer.alloc(0);
    const add = (bytes: Buffer) => {
      const all = Buffer.concat([open, bytes]);
      const end = all.lastIndexOf(10) + 1;
      lines.push(...all.toString('utf8', 0, end).split('\n').slice(0, -1));
      open = all.subarray(end);
      size += bytes.length;
    };
    const restart = () => {
      if (open.length > 0) left.push(open.length);
      [open, size] = [Buffer.alloc(0), 0];
    };
    for (const step of steps) {
      if (step.kind === 'append') {
        add(step.bytes);
        continue;
      }
      if (step.kind === 'replace') add(step.before);
      else if (size === 0) continue;
      restarts++;
      restart();
      if (step.kind === 'replace') {
        // A byte order mark at the beginning of a new file belongs to no line.
        const { after } = step;
        add(after.subarray(0, 3).equals(Buffer.from('\ufeff')) ? after.subarray(3) : after);
      }
    }
    restart();
    return { lines, restarts, left };
  }

  it('plays rows as they come: none waits for the rows after it, and one that comes too late is counted', async () => {
    writeFileSync(path, `time,n\n${rows(0, 2)}`);
    const ended = new AbortController();
    const seen: number[] = [];
    const coming = [2, 4, 3, 5];
    const appended: number[] = [];
    // The file grows only when all that it holds has been played.
    const wait = async (): Promise<void> => {
      while (seen.length < 2 + appended.length) await new Promise((resolve) => setImmediate(resolve));
      const next = coming.shift();
      if (next === undefined) return ended.abort();
      appended.push(next);
      appendFileSync(path, rows(next, 1));
    };
    const recording = await openRecording(path, { follow: { signal: ended.signal, told: () => {}, wait } });
    for await (const { block } of playable(recording).rows(-Infinity))
      for (const record of block.records()) seen.push(nOf(record));
    assert.deepEqual(seen, [0, 1, 2, 4, 3, 5]);
    assert.equal(recording.disorder.late, 1);
  });

  it('puts what is there in order, and what comes with one look', async () => {
    writeFileSync(path, `time,n\n${rows(2, 1)}${rows(0, 2)}`);
    const { records, recording } = await recordsOf([() => appendFileSync(path, rows(4, 1) + rows(3, 1))]);
    assert.deepEqual(records.map(nOf), [0, 1, 2, 3, 4]);
    assert.equal(recording.disorder.late, 0);
  });

  it('passes over the header and the byte order mark of a new file, and refuses nothing', async () => {
    writeFileSync(path, `\ufefftime,n\n${rows(0, 2)}`);
    const { records, refused, told } = await recordsOf([
      () => {
        appendFileSync(path, rows(2, 1));
        replace();
        appendFileSync(path, `\ufefftime,n\n${rows(3, 1)}`);
      },
      () => appendFileSync(path, rows(4, 1)),
      () => writeFileSync(path, `time,n\n${rows(5, 1)}`),
    ]);
    assert.deepEqual(records.map(nOf), [0, 1, 2, 3, 4, 5]);
    assert.deepEqual(refused, []);
    const name = path.slice(folder.length + 1);
    assert.deepEqual(told, [
      `${name} was replaced by a new file: that one is read from its start.`,
      `${name} became shorter: it is read from its start.`,
    ]);
  });

  it('follows NDJSON and access logs', async () => {
    const request = (n: number) =>
      `1.2.3.4 - - [01/May/2024:10:00:0${n} +0000] "GET /${n} HTTP/1.1" 200 ${n}\n`;
    for (const [ending, row] of [
      ['ndjson', (n: number) => `{"time":"2024-05-01T10:00:0${n}Z","n":${n},"name":"é😀"}\n`],
      ['log', request],
    ] as const) {
      path = join(folder, `${++files}.${ending}`);
      writeFileSync(path, row(0) + row(1));
      const added = Buffer.from(row(2) + row(3));
      const { records, refused } = await recordsOf(
        Array.from(added, (byte) => () => appendFileSync(path, Buffer.of(byte))),
      );
      assert.equal(records.length, 4, ending);
      assert.deepEqual(refused, []);
    }
  });

  it('refuses with a reason what has no lines', async () => {
    const csv = `time,n\n${rows(0, 3)}`;
    for (const [name, content, reason] of [
      [
        'a.gpx',
        '<gpx><trk><trkseg>\n<trkpt lat="1" lon="2"><time>2024-05-01T10:00:00Z</time></trkpt>\n</trkseg></trk></gpx>\n',
        /gpx, which is not a format of lines/,
      ],
      ['a.csv.gz', gzipSync(csv), /it is packed/],
      ['b.csv', Buffer.from(`\ufeff${csv}`, 'utf16le'), /encoding is utf-16le/],
      ['a.mcap', csv, /MCAP/],
    ] as const) {
      path = join(folder, name);
      writeFileSync(path, content);
      await assert.rejects(recordsOf([]), (error: { code?: string; message: string }) => {
        assert.equal(error.code, 'follow_impossible', error.message);
        assert.match(error.message, reason);
        return true;
      });
    }
    for (path of ['-', 'redis:key']) await assert.rejects(recordsOf([]), { code: 'follow_impossible' });
  });
});
