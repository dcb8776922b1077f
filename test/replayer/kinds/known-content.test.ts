import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import type { OpenOptions } from '../../../replayer/reading/open-options.ts';
import { TextRecording } from '../../../replayer/reading/text-recording.ts';
import type { KnownCase } from '../../helpers/known-content/known-case.ts';
import { caseOf, FORMS } from '../../helpers/known-content/forms.ts';
import { played } from '../../helpers/played.ts';
import { verdictOf, type Verdict } from '../../helpers/known-content/verdict.ts';

/** `npm run campaign:known-content` sets how many cases there are in all, keeps those that fail, and prints a summary. */
const CAMPAIGN = process.env['KNOWN_CONTENT_CASES'];
const CASES = Number(CAMPAIGN ?? 300);
const FAILURES = fileURLToPath(new URL('../../fixtures/known-content/failures.json', import.meta.url));
/** The failures of one form that a campaign looks for: each is made small, which takes a while. */
const FAILURES_MAX = 5;
/** At least this share is played as it is, so that refusals and guesses do not pass for success. */
const EQUAL_MIN = 0.6;

/** A case that failed once. The file itself is kept, because other versions of the generator make others of its seed. */
interface Failure {
  form: string;
  seed: number;
  path: string;
  /** What was wrong; set by hand where it is not mended yet: then it has to be wrong still. */
  open?: string;
  known: KnownCase;
}

const failures = JSON.parse(readFileSync(FAILURES, 'utf8')) as Failure[];

describe('Known content in every form', () => {
  for (const { form, seed, known, open } of failures)
    it(`${form}, ${known.how} (seed ${seed})${open === undefined ? '' : `: ${open}`}`, async () => {
      const { kind, because } = await verdictOf(known);
      if (open === undefined) assert.notEqual(kind, 'wrong', because);
      else assert.equal(kind, 'wrong', 'It is mended: take its note away.');
    });

  const summary: string[] = [];
  for (const [form, { cases, share }] of Object.entries(FORMS)) {
    const runs = Math.ceil(CASES * share);
    it(`${form}: is played as it is, or it is told`, async () => {
      const counts = { equal: 0, refused: 0, guess: 0, wrong: 0 };
      const check = async (known: KnownCase) => {
        const verdict = await verdictOf(known).catch(crashed);
        counts[verdict.kind]++;
        assert.notEqual(verdict.kind, 'wrong', `${known.how}\n${verdict.because}`);
      };
      const property = fc.asyncProperty(cases, async (given) => check(await caseOf(given)));
      let error: string | undefined;
      let done = 0;
      for (let found = 0; found < (CAMPAIGN ? FAILURES_MAX : 1) && done < runs; found++) {
        const details = await fc.check(property, { numRuns: runs - done });
        done += details.numRuns;
        if (!details.failed) break;
        error ??= fc.defaultReportMessage(details);
        const { seed, counterexamplePath: path, counterexample } = details;
        if (CAMPAIGN && counterexample)
          keep({ form, seed, path: path ?? '', known: await caseOf(counterexample[0]) });
      }
      summary.push(
        `${form}: ${done} cases, ${counts.equal} equal, ${counts.refused} refused and counted, ` +
          `${counts.guess} guesses told, ${counts.wrong} wrong (with those that made failures small)`,
      );
      if (error !== undefined) throw new Error(error);
      assert.ok(counts.equal >= done * EQUAL_MIN, summary.at(-1));
    }).timeout(60_000 + CASES * 200);
  }

  after(() => {
    if (CAMPAIGN) for (const line of summary) process.stdout.write(`${line}\n`);
  });
});

describe('What known content has shown', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'known-content-'));
  });
  after(() => rm(folder, { recursive: true }));
  const playedText = async (name: string, text: string, options: OpenOptions = {}) => {
    const path = join(folder, name);
    await writeFile(path, text);
    const { records, refused, recording } = await played(path, options);
    assert.ok(recording instanceof TextRecording);
    return { records, refused, interpretation: recording.interpretation };
  };
  const time = (second: number) => `2024-05-01T10:00:0${second}Z`;

  it('a header that is written as a comment may have quoted names', async () => {
    for (const more of ['', '# a note\n']) {
      const text = `# "a,b","time", "say ""x"""\n1,${time(0)},x\n${more}2,${time(1)},y\n`;
      const { records } = await playedText('header.csv', text);
      const [first] = records;
      assert.deepEqual(first?.data, { 'a,b': 1, time: time(0), 'say "x"': 'x' });
      assert.equal(records.length, 2);
    }
  });

  it('a sparse first row of a table without a header is not a title', async () => {
    const text = `${time(0)};;;1\n${time(1)};5;x;2\n${time(2)};6;y;3\n`;
    const options = { header: false, columns: ['time', 'a', 'b', 'c'] };
    assert.equal((await playedText('sparse.csv', text, options)).records.length, 3);
  });

  it('a name that recurs as a value does not hide a header, and is told', async () => {
    const rows = [0, 1, 2].map((second) => `${time(second)},note,${second}\n`);
    const { records, interpretation } = await playedText('recurs.csv', `time,note,n\n${rows.join('')}`);
    assert.equal(records.length, 3);
    assert.equal(interpretation.layout.header?.certainty, 'guess');
  });

  it('a column that names a subject in some rows only is told', async () => {
    const rows = [0, 1, 2, 3].map((second) => `${time(second)},${second === 0 ? 7 : 'NA'}\n`);
    const { subject } = (await playedText('partial.csv', `time,device\n${rows.join('')}`)).interpretation;
    assert.deepEqual([subject.value, subject.certainty, subject.instead?.value], [null, 'guess', 'device']);
  });

  it('a number with a decimal comma is not a place', async () => {
    const rows = [`{"time":"${time(0)}","ref":"1,5"}`, `{"time":"${time(1)}","note":"48.1, 11.5"}`];
    const { records } = await playedText('comma.json', `[${rows.join(',')}]`);
    assert.deepEqual(
      records.map(({ channel, json }) => [channel, json]),
      rows.map((row) => ['comma', row]),
    );
  });

  it('times in other notations, and of other days, show which arrays of a document hold rows', async () => {
    for (const times of [
      ['24 January 1938 10:00', '24 January 1938 10:01'],
      [484_023_907, 484_023_908],
    ]) {
      const points = times.map((each) => ({ time: each, v: 1 }));
      const text = JSON.stringify({ devices: [{ vehicle_id: 'a', points }] });
      const { records } = await playedText('inner.json', text);
      assert.deepEqual(
        records.map(({ subject }) => subject),
        ['a', 'a'],
      );
    }
  });

  it('names of arrays that say no identity are subjects by a guess', async () => {
    const points = [0, 1].map((second) => ({ time: time(second), v: 1 }));
    const certainty = async (names: string[]) => {
      const text = JSON.stringify(Object.fromEntries(names.map((name) => [name, points])));
      return (await playedText('names.json', text)).interpretation.subject.certainty;
    };
    assert.equal(await certainty(['first', 'second']), 'guess');
    assert.equal(await certainty(['bus 1', 'bus 2']), 'likely');
  });

  it('the segment of a track without a name is not its subject', async () => {
    const point = (second: number) => `<trkpt lat="1" lon="2"><time>${time(second)}</time></trkpt>`;
    const rest = [1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((second) => [point(second), point(second)]).join('');
    const text = `<gpx><trk><trkseg>${point(0)}</trkseg><trkseg>${rest}</trkseg></trk></gpx>`;
    const { records, refused } = await playedText('segments.gpx', text);
    assert.deepEqual([records.length, refused.length], [19, 0]);
    assert.ok(records.every(({ subject }) => subject === 'segments'));
  });
});

function crashed(error: unknown): Verdict {
  return { kind: 'wrong', because: error instanceof Error ? (error.stack ?? error.message) : String(error) };
}

/** Keeps a failure for all later runs. */
function keep(failure: Failure): void {
  failures.push(failure);
  writeFileSync(FAILURES, `${JSON.stringify(failures, null, 2)}\n`);
}
