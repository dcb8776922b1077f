import type { CloudEvent } from '../../schemas/types.ts';
import { refusal } from '../problems/errors.ts';

export type { CloudEvent };

/** An event before it gets its position: a row of a recording, or a result of a service. */
export interface TimedRecord {
  /** Event time in epoch milliseconds; fractions are kept down to microseconds. */
  timeMs: number;
  /** The event time as text, where it has more digits than `timeMs`: ISO 8601 in UTC. */
  time?: string;
  subject: string;
  /** The datum, a JSON object as text: the hot path never parses or changes it. */
  data: string;
  /** More CloudEvents members as JSON text with a leading comma, such as `,"pipeline":"text"`. */
  extra?: string;
  /**
   * The message to publish, where that is not the event: a message that was recorded bare is published bare, byte for byte. The
   * log and the state get the event, marked `bare`.
   */
  bare?: Buffer;
}

/** A datum that was parsed and validated: an object of JSON values. */
export type Data = { [member: string]: unknown };

/**
 * A position in a channel. `epoch` rises at every start, seek and loop; `offset` counts from 1 within an epoch. Before the first
 * event both are 0.
 */
export interface Position {
  epoch: number;
  offset: number;
}

/**
 * The number of the first epoch of a channel: the time at which it begins. Later epochs count up from there. So a Redis that has
 * lost its data never repeats an epoch, and no client takes new events for those that it knows.
 * @param nowMs wall time, epoch ms
 */
export function firstEpoch(nowMs: number): number {
  return Math.max(1, Math.floor(nowMs));
}

/** Negative if `a` is before `b`, 0 if they are equal, positive if `a` is after `b`. */
export function comparePositions(a: Position, b: Position): number {
  return a.epoch - b.epoch || a.offset - b.offset;
}

/** A position as text, `<epoch>-<offset>`, which is also the id of its entry in the log. */
export function positionText({ epoch, offset }: Position): string {
  return `${epoch}-${offset}`;
}

/** Parses `<epoch>-<offset>`. @throws refusal `position_malformed` */
export function parsePosition(text: string): Position {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(text);
  if (!match)
    throw refusal('position_malformed', `"${text}" is not a valid position.`, {
      hint: 'Write <epoch>-<offset>, for instance 3-120.',
    });
  return { epoch: Number(match[1]), offset: Number(match[2]) };
}

/** The members that all events of one writer on one channel share. */
export interface Stamp {
  channel: string;
  /** URI reference of the writer, such as `/replays/demo`, `/services/movement` or `/ingest`. */
  source: string;
  /** Id of the replay, for replayed data. */
  replay?: string | undefined;
}

/** Says in an event what its data are of a message that is published bare. Base64 is always longer than the message. */
function bareMember({ bare, data }: TimedRecord): string {
  if (!bare) return '';
  return Buffer.byteLength(data) === bare.length ? ',"bare":"object"' : ',"bare":"base64"';
}

/** Formats events of one stamp as CloudEvents JSON, one line each. The parts that they share are formatted once. */
export class Framer {
  readonly stamp: Stamp;
  readonly #beforeSubject: string;
  readonly #idStart: string;
  readonly #replay: string;

  constructor(stamp: Stamp) {
    this.stamp = stamp;
    const { channel, source, replay } = stamp;
    this.#idStart = `{"specversion":"1.0","id":${JSON.stringify(channel).slice(0, -1)}/`;
    this.#beforeSubject = `","source":${JSON.stringify(source)},"type":${JSON.stringify(channel)},"subject":`;
    this.#replay = replay === undefined ? '' : `,"replay":${JSON.stringify(replay)}`;
  }

  /** The text between the members that differ from event to event, in the order of `frame`. `extra`: as in TimedRecord. */
  parts(epoch: number, sent: string, extra: string) {
    return {
      beforeOffset: `${this.#idStart}${epoch}/`,
      beforeSubject: this.#beforeSubject,
      beforeTime: ',"time":"',
      beforeSecondOffset: `","epoch":${epoch},"offset":`,
      beforeData: `${this.#replay},"sent":"${sent}"${extra},"data":`,
    };
  }

  /** The event as one line. `sent`: the wall time, ISO 8601. */
  frame(record: TimedRecord, epoch: number, offset: number, sent: string): string {
    return (
      `${this.#idStart}${epoch}/${offset}${this.#beforeSubject}${JSON.stringify(record.subject)}` +
      `,"time":"${record.time ?? isoTime(record.timeMs)}","epoch":${epoch},"offset":${offset}${this.#replay}` +
      `,"sent":"${sent}"${record.extra ?? ''}${bareMember(record)},"data":${record.data}}`
    );
  }
}

let cachedSecond = NaN;
let cachedText = '';

/**
 * A time in ISO 8601, UTC, with milliseconds, or with microseconds if it has them. The text of the last second is cached,
 * because consecutive events mostly share it.
 */
export function isoTime(timeMs: number): string {
  const second = Math.floor(timeMs / 1000);
  if (second !== cachedSecond) {
    cachedText = new Date(second * 1000).toISOString().slice(0, -4);
    cachedSecond = second;
  }
  const ms = timeMs - second * 1000;
  const whole = Math.floor(ms);
  if (whole === ms) return `${cachedText}${whole < 10 ? '00' : whole < 100 ? '0' : ''}${whole}Z`;
  const micros = Math.min(Math.round(ms * 1000), 999_999);
  return micros % 1000 === 0
    ? `${cachedText}${String(micros / 1000).padStart(3, '0')}Z`
    : `${cachedText}${String(micros).padStart(6, '0')}Z`;
}

let parsedSecond = '?';
let parsedSecondMs = NaN;

/**
 * Epoch milliseconds of a time in ISO 8601, with microseconds as a fraction; NaN if the text is not a time. The last second is
 * cached, because consecutive events mostly share it.
 */
export function timeMsOf(iso: string): number {
  const isUsual = iso.length === 24 && iso.charCodeAt(23) === Z;
  if (isUsual && iso.startsWith(parsedSecond)) {
    const [a, b, c] = [iso.charCodeAt(20) - ZERO, iso.charCodeAt(21) - ZERO, iso.charCodeAt(22) - ZERO];
    if (isDigit(a) && isDigit(b) && isDigit(c)) return parsedSecondMs + a * 100 + b * 10 + c;
  }
  const ms = Date.parse(iso);
  if (isUsual && iso.charCodeAt(19) === DOT && !Number.isNaN(ms)) {
    parsedSecond = iso.slice(0, 20);
    parsedSecondMs = Math.floor(ms / 1000) * 1000;
    return ms;
  }
  const finer = /\.\d{3}(\d{1,3})\d*(?:Z|[+-])/.exec(iso);
  return finer ? ms + Number(finer[1]!.padEnd(3, '0')) / 1000 : ms;
}

const ZERO = '0'.charCodeAt(0);
const DOT = '.'.charCodeAt(0);
const Z = 'Z'.charCodeAt(0);
const isDigit = (value: number): boolean => value >= 0 && value <= 9;
