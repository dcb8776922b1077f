import { SixBits } from './six-bits.ts';

/** Sentences after which a message that is still not complete is given up. Parts follow one another closely. */
const PART_DISTANCE_MAX = 100;

/** A part of an AIS message, as a sentence AIVDM or AIVDO holds it. */
export interface Part<T> {
  /** What the caller knows of the sentence; a message keeps that of its parts. */
  origin: T;
  fields: string[];
}

/** A message of which all parts have come. */
export interface WholeMessage<T> {
  bits: SixBits;
  /** The origins of the parts, in their order. */
  origins: T[];
}

/** A message of which a part is missing. */
export interface IncompleteMessage<T> {
  problem: string;
  origins: T[];
}

interface Pending<T> {
  count: number;
  parts: Map<number, { origin: T; payload: string; fillBits: number }>;
  /** The number of the sentence of its last part. */
  at: number;
}

/** Puts the parts of AIS messages together: by their number of parts, sequence id and radio channel. */
export class AisAssembly<T> {
  readonly #pending = new Map<string, Pending<T>>();
  #sentences = 0;

  /**
   * Takes the fields of a sentence after its name.
   * @returns the messages that it completes or that it shows to be incomplete; null while parts are to come; a sentence where
   * the fields are not valid
   */
  push({ origin, fields }: Part<T>): (WholeMessage<T> | IncompleteMessage<T>)[] | string {
    this.#sentences++;
    const [countText = '', partText = '', sequence = '', channel = '', payload = '', fillText = ''] = fields;
    const fillBits = fillText === '' ? 0 : Number(fillText);
    if (
      !/^[1-9]$/.test(countText) ||
      !/^[1-9]$/.test(partText) ||
      partText > countText ||
      !/^[0-5]?$/.test(fillText)
    )
      return 'Not an AIS sentence: parts, part, sequence, channel, payload, fill bits.';
    const bits = SixBits.of(payload, fillBits);
    if (!bits) return 'The payload holds a character that AIS does not use.';
    const results: (WholeMessage<T> | IncompleteMessage<T>)[] = this.#giveUp();
    const [count, part] = [Number(countText), Number(partText)];
    if (count === 1) return [...results, { bits, origins: [origin] }];
    const key = `${count}/${sequence}/${channel}`;
    const before = this.#pending.get(key);
    if (before?.parts.has(part)) {
      results.push(incomplete(before));
      this.#pending.delete(key);
    }
    const message: Pending<T> = this.#pending.get(key) ?? { count, parts: new Map(), at: 0 };
    message.parts.set(part, { origin, payload, fillBits });
    message.at = this.#sentences;
    this.#pending.set(key, message);
    if (message.parts.size < count) return results;
    this.#pending.delete(key);
    const parts = Array.from({ length: count }, (_, i) => message.parts.get(i + 1)!);
    const whole = SixBits.of(parts.map((each) => each.payload).join(''), parts.at(-1)!.fillBits)!;
    return [...results, { bits: whole, origins: parts.map((each) => each.origin) }];
  }

  /** Gives up the message that a damaged part seems to belong to: a later part must not complete it. */
  drop(fields: string[]): IncompleteMessage<T>[] {
    const [count, , sequence = '', channel = ''] = fields;
    const key = `${count}/${sequence}/${channel}`;
    const message = this.#pending.get(key);
    this.#pending.delete(key);
    return message ? [incomplete(message)] : [];
  }

  /** The messages that are still not complete at the end of a file. */
  end(): IncompleteMessage<T>[] {
    const rest = [...this.#pending.values()].map(incomplete);
    this.#pending.clear();
    return rest;
  }

  #giveUp(): IncompleteMessage<T>[] {
    const late: IncompleteMessage<T>[] = [];
    for (const [key, message] of this.#pending) {
      if (this.#sentences - message.at <= PART_DISTANCE_MAX) continue;
      late.push(incomplete(message));
      this.#pending.delete(key);
    }
    return late;
  }
}

function incomplete<T>({ count, parts }: Pending<T>): IncompleteMessage<T> {
  const got = [...parts.keys()].sort().join(', ');
  return {
    problem: `An AIS message is incomplete: of ${count} parts, only part ${got} was found.`,
    origins: [...parts.values()].map(({ origin }) => origin),
  };
}
