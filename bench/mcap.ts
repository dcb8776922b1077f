import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { McapIndexedReader, McapWriter as CoreWriter } from '@mcap/core';
import { BlockBuilder, type Block } from '../core/wire/block.ts';
import { root } from '../core/runtime/root.mjs';
import type { Compression } from '../replayer/mcap/compression/compression.ts';
import { LIBRARY } from '../replayer/mcap/format/libraries.ts';
import { McapRecording } from '../replayer/mcap/reading/mcap-recording.ts';
import { embeddedSchema, TopicWriter } from '../replayer/mcap/writing/topics.ts';
import { McapWriter } from '../replayer/mcap/writing/writer.ts';
import type { Bench } from './support/bench.ts';
import { datum, withSetting } from './support/setting.ts';

const MESSAGES = 1_000_000;
const BLOCK_MESSAGES = 4_096;
const SAMPLE_BLOCKS = 50;
const START_MS = 1_700_000_000_000;
const SEEKS = 5;
const LOOK_MS = 100;
const SEEK_FILE_BYTES = 2_000_000_000;
const LARGE_FILE_BYTES = 5_000_000_000;

export default {
  summary: `MCAP, messages of 267 bytes: what writing and reading cost, beside @mcap/core; how long a seek takes in a 2 GB file, and how much memory (with \`large\`: 5 GB).`,
  async run(report, options) {
    const folder = await mkdtemp(join(tmpdir(), 'reprise-bench-'));
    try {
      const path = join(folder, 'trip.mcap');
      sample();
      const core = await coreCosts(path);
      for (const compression of ['lz4', 'zstd', ''] as const) {
        const of = compression || 'unpacked';
        const written = await cpuMicroseconds(() => write(path, MESSAGES, compression));
        report({
          name: `mcap write ${of}`,
          value: written,
          unit: 'us of CPU a message',
          baseline: core.write,
        });
        const recording = await McapRecording.open(path);
        report({
          name: `mcap size ${of}`,
          value: recording.summary.bytes / MESSAGES,
          unit: 'bytes a message',
        });
        const costs: number[] = [];
        for (let run = 0; run < 3; run++) costs.push(await cpuMicroseconds(() => read(recording)));
        const value = Math.min(...costs);
        report({ name: `mcap read ${of}`, value, unit: 'us of CPU a message', baseline: core.read });
      }
      const target = options.includes('large') ? LARGE_FILE_BYTES : SEEK_FILE_BYTES;
      await write(path, Math.round(target / 319), '');
      const recording = await McapRecording.open(path);
      const spanMs = recording.endMs - recording.startMs;
      const [seeks, latest]: number[][] = [[], []];
      for (let i = 1; i <= SEEKS; i++) {
        const middleMs = Math.round(recording.startMs + (spanMs * i) / (SEEKS + 1));
        seeks!.push(await milliseconds(() => first(recording, middleMs)));
        latest!.push(await milliseconds(() => recording.latestBefore(middleMs)));
      }
      const gigabytes = `${(target / 1e9).toFixed(0)} GB`;
      report({
        name: `first event after a seek in ${gigabytes}, worst of ${SEEKS}`,
        value: Math.max(...seeks!),
        unit: 'ms',
      });
      report({
        name: `state before a seek in ${gigabytes}, worst of ${SEEKS}`,
        value: Math.max(...latest!),
        unit: 'ms',
      });
      report({
        name: `memory of a process that plays ${gigabytes}, at most`,
        value: (await memoryOfPlaying(path)) / 1e6,
        unit: 'MB',
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  },
} satisfies Bench;

/** Peak memory of `reprise play` for a file, bytes, as Linux counts it. */
async function memoryOfPlaying(path: string): Promise<number> {
  let most = 0;
  await withSetting(async ({ server }) => {
    const command = ['bin/reprise.js', 'play', path, '--rate', 'max', '--redis', server.url];
    const child = spawn(process.execPath, command, { cwd: root, stdio: 'ignore' });
    const looking = setInterval(() => (most = Math.max(most, peakBytes(child.pid!))), LOOK_MS);
    const [code] = (await once(child, 'exit')) as [number | null];
    clearInterval(looking);
    if (code !== 0) throw new Error(`reprise play ended with ${code}`);
  });
  return most;
}

function peakBytes(pid: number): number {
  try {
    const [, kilobytes = '0'] =
      /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) * 1024;
  } catch {
    // The process has just ended.
    return 0;
  }
}

/** Reading time per message, relative to @mcap/core on the same file without compression. */
async function coreCosts(path: string): Promise<{ write: number; read: number }> {
  const count = MESSAGES / 5;
  const handle = await open(path, 'w+');
  try {
    let position = 0n;
    const writer = new CoreWriter({
      writable: {
        position: () => position,
        async write(bytes) {
          position += BigInt((await handle.write(bytes)).bytesWritten);
        },
      },
    });
    await writer.start();
    const channelId = await writer.registerChannel({
      topic: 'gps',
      messageEncoding: 'json',
      schemaId: 0,
      metadata: new Map(),
    });
    const data = Buffer.from(JSON.stringify(datum(0)));
    const written = await cpuMicroseconds(async () => {
      for (let sequence = 0; sequence < count; sequence++) {
        const logTime = BigInt(START_MS + sequence) * 1_000_000n;
        await writer.addMessage({ channelId, sequence, logTime, publishTime: logTime, data });
      }
      await writer.end();
    });
    const readable = {
      size: () => Promise.resolve(position),
      read: async (offset: bigint, size: bigint) =>
        (await handle.read(Buffer.alloc(Number(size)), 0, Number(size), Number(offset))).buffer,
    };
    const reader = await McapIndexedReader.Initialize({ readable });
    const readCost = await cpuMicroseconds(async () => {
      for await (const message of reader.readMessages()) message.data.at(0);
    });
    return { write: (written * MESSAGES) / count, read: (readCost * MESSAGES) / count };
  } finally {
    await handle.close();
  }
}

async function write(path: string, count: number, compression: Compression): Promise<void> {
  const writer = await McapWriter.create(path, { library: LIBRARY, compression });
  const topic = new TopicWriter(writer, { topic: 'gps', schema: embeddedSchema('gps'), subjectColumn: null });
  // The same messages are reused at other times, because making new ones costs more than writing them.
  for (let written = 0; written < count;) {
    for (const block of sample()) {
      for (let row = 0; row < block.count && written < count; row++) {
        block.timesMs[row] = START_MS + written++;
        topic.add(block, row);
        if (writer.full) await writer.flush();
      }
    }
  }
  await writer.end();
}

let made: Block[] | null = null;

function sample(): Block[] {
  if (made) return made;
  const builder = new BlockBuilder(BLOCK_MESSAGES);
  made = Array.from({ length: SAMPLE_BLOCKS }, (_, i) => {
    for (let n = i * BLOCK_MESSAGES; n < (i + 1) * BLOCK_MESSAGES; n++)
      builder.add(START_MS, `vehicle-${n % 100}`, JSON.stringify(datum(n)));
    return builder.take();
  });
  return made;
}

async function read(recording: McapRecording): Promise<void> {
  for await (const { block, done } of recording.rows()) {
    if (block.count === 0) throw new Error('an empty block');
    done?.();
  }
}

async function first(recording: McapRecording, fromMs: number): Promise<void> {
  for await (const { block } of recording.rows(fromMs)) {
    if (block.timesMs[0] !== fromMs) throw new Error(`${block.timesMs[0]} instead of ${fromMs}`);
    return;
  }
}

async function cpuMicroseconds(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / MESSAGES;
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
