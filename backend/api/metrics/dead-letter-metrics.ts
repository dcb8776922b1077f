import type { Redis } from '../../../core/redis/connection.ts';
import { comparePositions, parsePosition } from '../../../core/wire/event.ts';
import { keys } from '../../../core/wire/keys.ts';
import type { DeadLetter } from '../../../schemas/types.ts';
import { metricText, type Samples } from './prometheus-text.ts';

const PAGE = 500;
/** Kinds of reasons, the first that matches. A reason is a sentence with names and values: as a label it would have no bound. */
const KINDS: [kind: string, pattern: RegExp][] = [
  ['late', /\blate\b|watermark/i],
  ['budget', /budget|takes too long|twice/i],
  ['not_json', /not (valid )?JSON|not a valid event|not an object/i],
  ['time', /\btime\b/i],
  ['schema', /must |is missing|required|not known/i],
];

/** Counts the dead letters that Redis keeps. It reads each once, and forgets those that have left. */
export class DeadLetterMetrics {
  readonly #redis: Redis;
  /** The letters that have been read, the oldest first. */
  #read: { id: string; label: string }[] = [];

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async text(): Promise<string> {
    const info = await this.#redis.xinfo('STREAM', keys.deadLetters).catch((error: Error) => {
      if (/no such key/.test(error.message)) return null;
      throw error;
    });
    const total = info === null ? 0 : Number(fieldOf(info as unknown[], 'entries-added') ?? 0);
    await this.#catchUp();
    const counts = new Map<string, number>();
    for (const { label } of this.#read) counts.set(label, (counts.get(label) ?? 0) + 1);
    const kept = Array.from(counts, ([label, count]): Samples[number] => {
      const [source, reason] = JSON.parse(label) as [string, string];
      return [{ source, reason }, count];
    });
    return [
      metricText('reprise_dead_letters_total', 'counter', 'Dead letters since the data in Redis began.', [
        [{}, total],
      ]),
      metricText(
        'reprise_dead_letters_kept',
        'gauge',
        'Dead letters that are kept, by source and kind of reason.',
        kept,
      ),
    ].join('');
  }

  async #catchUp(): Promise<void> {
    const [first] = await this.#redis.xrange(keys.deadLetters, '-', '+', 'COUNT', 1);
    if (!first) {
      this.#read = [];
      return;
    }
    const oldest = parsePosition(first[0]);
    this.#read = this.#read.filter(({ id }) => comparePositions(parsePosition(id), oldest) >= 0);
    for (;;) {
      const last = this.#read.at(-1)?.id;
      const from = last === undefined ? '-' : `(${last}`;
      const page = await this.#redis.xrange(keys.deadLetters, from, '+', 'COUNT', PAGE);
      for (const [id, fields] of page) this.#read.push({ id, label: labelOf(fields[1] ?? '{}') });
      if (page.length < PAGE) return;
    }
  }
}

function labelOf(text: string): string {
  const { source = '', reason = '' } = JSON.parse(text) as Partial<DeadLetter>;
  // A replay has a new id each time; services have names of the set-up.
  const from = source.startsWith('/replays/') ? '/replays' : source;
  return JSON.stringify([from, KINDS.find(([, pattern]) => pattern.test(reason))?.[0] ?? 'other']);
}

function fieldOf(info: unknown[], name: string): unknown {
  const at = info.indexOf(name);
  return at === -1 ? undefined : info[at + 1];
}
