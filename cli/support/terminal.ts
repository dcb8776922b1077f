import { emitKeypressEvents, type Key } from 'node:readline';
import { isoTime } from '../../core/wire/event.ts';
import type { Rate, Replay as ReplayDocument, ReplayPatch } from '../../schemas/types.ts';
import type { Replay } from '../../replayer/playing/replay.ts';

const LINE_MS = 200;
const SEEK_MS = 10_000;
const RATE_MIN = 0.01;
const RATE_MAX = 1_000;

export const KEYS_HELP =
  'space pauses, arrows seek 10 s, + - change the rate, n steps, N steps back, q quits';

/** Shows a live line on stderr, if that is a terminal, while a replay runs; answers a function that ends it. */
export function watch(replay: Replay, quiet: boolean): () => void {
  if (quiet || !process.stderr.isTTY) return () => {};
  const draw = () => {
    replay.tick();
    process.stderr.write(`\r\x1b[2K${line(replay.document()).slice(0, process.stderr.columns - 1)}`);
  };
  const timer = setInterval(draw, LINE_MS);
  return () => {
    clearInterval(timer);
    process.stderr.write('\r\x1b[2K');
  };
}

/** Lets the keys of a terminal steer a replay; answers a function that ends that. */
export function steer(replay: Replay, stop: () => void): () => void {
  const { stdin } = process;
  if (!stdin.isTTY) return () => {};
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  const press = (_text: string, key: Key) => {
    if (key.name === 'q' || (key.ctrl && key.name === 'c')) return stop();
    const patch = patchOf(key, replay.document());
    if (patch) replay.patch(patch).catch(() => {});
  };
  stdin.on('keypress', press);
  return () => {
    stdin.off('keypress', press);
    stdin.setRawMode(false);
    stdin.pause();
  };
}

/** The change that a key asks for; null: none. */
export function patchOf(key: Key, { state, rate, position, start }: ReplayDocument): ReplayPatch | null {
  const seek = (ms: number) => ({
    position: isoTime(Math.max(Date.parse(start), Date.parse(position) + ms)),
  });
  switch (key.name ?? key.sequence) {
    case 'space':
      return { state: state === 'playing' ? 'paused' : 'playing' };
    case 'left':
      return seek(-SEEK_MS);
    case 'right':
      return seek(SEEK_MS);
    case '+':
    case 'up':
      return { rate: scaled(rate, 2) };
    case '-':
    case 'down':
      return { rate: scaled(rate, 0.5) };
    case 'n':
      return { step: key.shift ? -1 : 1 };
    default:
      return null;
  }
}

function scaled(rate: Rate, factor: number): Rate {
  if (rate === 'max') return factor < 1 ? RATE_MAX : 'max';
  return Math.min(RATE_MAX, Math.max(RATE_MIN, rate * factor));
}

/** Where a replay stands, in one line. */
export function line(replay: ReplayDocument): string {
  const { state, waiting, position, rate, achievedRate, eventsPerSecond, latenessMs, lag, counts } = replay;
  const start = Date.parse(replay.start);
  const at = Date.parse(position);
  const end = replay.end === null || replay.end === undefined ? null : Date.parse(replay.end);
  const left = end !== null && achievedRate && state === 'playing' ? (end - at) / achievedRate / 1000 : null;
  const parts = [
    waiting ? `waiting ${waiting}` : state,
    position.replace('T', ' ').slice(0, 19),
    end === null ? '' : `${((100 * (at - start)) / Math.max(1, end - start)).toFixed(1)} %`,
    `rate ${rate}${achievedRate === null || achievedRate === undefined ? '' : ` (achieved ${achievedRate})`}`,
    `${(eventsPerSecond ?? 0).toLocaleString('en')} events/s`,
    rate === 'max' ? '' : `late p99 ${(latenessMs?.p99 ?? 0).toFixed(1)} ms`,
    lag ? `${lag.consumer} ${lag.events.toLocaleString('en')} behind` : '',
    counts.refused ? `${counts.refused} refused` : '',
    counts.dropped ? `${counts.dropped} dropped` : '',
    left === null ? '' : `${spanText(left)} left`,
  ];
  return parts.filter(Boolean).join('  ');
}

/** Seconds as people write them: 5 s, 3:20, 2:05:00. */
export function spanText(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const [hours, minutes] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
