import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { TextRecording } from '../replayer/reading/text-recording.ts';
import type { Bench } from './support/bench.ts';

const MADE_BYTES = 200_000_000;
const RUNS = Number(process.env['READING_RUNS'] ?? 3);

/** Reads recordings as a replay does, without playing them. Options: files, or a size in MB of the CSV that is made. */
export default {
  summary:
    'Megabytes a second that are read as records, beside splitting the same bytes into lines in JavaScript; and the memory.',
  async run(report, options) {
    const folder = await mkdtemp(join(tmpdir(), 'reprise-reading-'));
    try {
      const sizes = options.filter((option) => /^\d+$/.test(option)).map((mb) => Number(mb) * 1e6);
      const files = options.filter((option) => !/^\d+$/.test(option));
      if (files.length === 0 && sizes.length === 0) sizes.push(MADE_BYTES);
      for (const bytes of sizes) files.push(await makeTable(folder, bytes));
      for (const file of files) {
        const { size } = await stat(file);
        const mb = size / 1e6;
        const rates: number[] = [];
        const baselines: number[] = [];
        for (let run = 0; run < RUNS; run++) {
          baselines.push(mb / (await seconds(() => splitLines(file))));
          rates.push(mb / (await seconds(() => readRecords(file))));
        }
        const name = basename(file);
        report({ name: `read ${name}`, value: median(rates), unit: 'MB/s', baseline: median(baselines) });
        report({
          name: `memory at most after ${name}`,
          value: process.resourceUsage().maxRSS / 1e3,
          unit: 'MB',
        });
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
} satisfies Bench;

async function readRecords(file: string): Promise<void> {
  const recording = await TextRecording.open(file);
  let records = 0;
  for await (const { count } of recording.blocks()) records += count;
  if (records === 0) throw new Error(`${file} has no record.`);
}

async function splitLines(file: string): Promise<void> {
  let lines = 0;
  let rest = '';
  for await (const piece of createReadStream(file, { encoding: 'utf8', highWaterMark: 1 << 18 })) {
    const parts = (rest + (piece as string)).split('\n');
    rest = parts.pop()!;
    lines += parts.length;
  }
  if (lines === 0 && rest === '') throw new Error(`${file} has no line.`);
}

/** A table of fixes of 500 vehicles, ten columns, in the order of time. */
async function makeTable(folder: string, bytes: number): Promise<string> {
  const path = join(folder, `fixes-${Math.round(bytes / 1e6)}MB.csv`);
  const out = createWriteStream(path);
  out.write(
    'time,vehicle_id,latitude,longitude,elevation,speed_meters_per_second,bearing,accuracy,route,note\n',
  );
  for (let row = 0, written = 0; written < bytes;) {
    let text = '';
    for (const end = row + 5_000; row < end; row++) {
      const time = new Date(1_714_557_600_000 + row * 20).toISOString();
      const place = `${(48 + (row % 9_973) / 10_000).toFixed(5)},${(11 + (row % 7_919) / 10_000).toFixed(5)}`;
      text += `${time},bus-${row % 500},${place},${(row % 700) / 10},${(row % 311) / 10},${row % 360},${row % 12},R${row % 40},on time\n`;
    }
    written += text.length;
    if (!out.write(text)) await once(out, 'drain');
  }
  out.end();
  await once(out, 'finish');
  return path;
}

async function seconds(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[values.length >> 1]!;
