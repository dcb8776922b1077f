import { isoTime, timeMsOf, type CloudEvent, type Position } from '../../../core/wire/event.ts';
import { readHead, readLog } from '../../../core/redis/channel-store.ts';
import type { CourseParams, CourseResult } from '../../../schemas/types.ts';
import type { TaskKind } from '../kind.ts';

type Params = Required<Omit<CourseParams, 'subject'>> & Pick<CourseParams, 'subject'>;

/** The position of the channel at the request; later events do not count. */
interface Prepared {
  position: Position;
}

const PAGE = 1_000;

export default {
  name: 'course',
  async prepare({ channel }, { redis, channel: known }) {
    await known(channel);
    return { position: await readHead(redis, channel) };
  },
  async run({ channel, field, subject, stretches }, { redis, prepared, signal, progress }) {
    const { epoch, offset } = prepared.position;
    const times: number[] = [];
    const values: number[] = [];
    for (let at: Position = { epoch, offset: 0 }; ;) {
      signal.throwIfAborted();
      const page = await readLog(redis, channel, at, PAGE);
      const ours = page.filter(({ position }) => position.epoch === epoch && position.offset <= offset);
      for (const { event: line } of ours) {
        const event = JSON.parse(line) as CloudEvent;
        const value = event.data[field];
        if (subject !== undefined && event.subject !== subject) continue;
        if (typeof value !== 'number' || !Number.isFinite(value)) continue;
        times.push(timeMsOf(event.time));
        values.push(value);
      }
      const last = ours.at(-1);
      if (!last || ours.length < PAGE) break;
      at = last.position;
      progress(at.offset / offset);
    }
    return resultOf(times, values, stretches);
  },
} satisfies TaskKind<Params, Prepared, CourseResult>;

/** Assigns each value to the interval of its time. */
function resultOf(times: readonly number[], values: readonly number[], stretches: number): CourseResult {
  if (times.length === 0) return { values: 0, from: null, to: null, course: [] };
  const [fromMs, toMs] = times.reduce(
    ([from, to], timeMs) => [Math.min(from, timeMs), Math.max(to, timeMs)] as const,
    [Infinity, -Infinity] as readonly [number, number],
  );
  const widthMs = Math.max(1, Math.ceil((toMs - fromMs + 1) / stretches));
  const found = new Map<number, { least: number; most: number; sum: number; values: number }>();
  times.forEach((timeMs, i) => {
    const value = values[i]!;
    const at = Math.floor((timeMs - fromMs) / widthMs);
    const interval = found.get(at) ?? { least: Infinity, most: -Infinity, sum: 0, values: 0 };
    interval.least = Math.min(interval.least, value);
    interval.most = Math.max(interval.most, value);
    interval.sum += value;
    interval.values++;
    found.set(at, interval);
  });
  const course = [...found]
    .sort(([a], [b]) => a - b)
    .map(([at, { least, most, sum, values: n }]) => ({
      time: isoTime(fromMs + at * widthMs),
      least,
      average: sum / n,
      most,
      values: n,
    }));
  return { values: values.length, from: isoTime(fromMs), to: isoTime(toMs), course };
}
