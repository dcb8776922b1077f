import type { Lexicon } from './lexicon.ts';
import { emojiName } from './emoji.ts';

/** The tone of a text. */
export interface Tone {
  /** From -1 (most negative) to 1 (most positive); four digits. */
  compound: number;
  /** Shares of the text; three digits. */
  positive: number;
  neutral: number;
  negative: number;
}

const CAPITALS = 0.733;
const NEGATION = -0.74;
/** Weights of boosters one, two and three words before the word that they strengthen. */
const DAMPING = [1, 0.95, 0.9];
/** Normalises the sum of valences: about the square of the largest sum to expect. */
const ALPHA = 15;

/**
 * The tone of a text by the rules of VADER (Hutto and Gilbert, ICWSM 2014). This is a port of vaderSentiment 3.3.2 (MIT)
 * that gives the same numbers, including its rounding of halves to even and its mistakes, except for emoji that Unicode
 * has renamed since. All numbers are 0 for a text without words.
 */
export function tone(text: string, lexicon: Lexicon): Tone {
  const named = nameEmoji(text);
  const tokens = named.split(/\s+/).filter(Boolean).map(bare);
  if (tokens.length === 0) return { compound: 0, positive: 0, neutral: 0, negative: 0 };
  const valences = new ValenceScorer(tokens, lexicon).valences();
  const emphasis = exclamation(named) + question(named);
  let sum = 0;
  let [positive, negative, neutral] = [0, 0, 0];
  for (const valence of valences) {
    sum += valence;
    // A neutral word counts as 1, so a positive or negative one counts 1 more than its valence.
    if (valence > 0) positive += valence + 1;
    else if (valence < 0) negative += 1 - valence;
    else neutral++;
  }
  sum += Math.sign(sum) * emphasis;
  if (positive > negative) positive += emphasis;
  else if (positive < negative) negative += emphasis;
  const total = positive + negative + neutral;
  return {
    compound: roundHalfEven(sum / Math.sqrt(sum * sum + ALPHA), 4),
    positive: roundHalfEven(positive / total, 3),
    neutral: roundHalfEven(neutral / total, 3),
    negative: roundHalfEven(negative / total, 3),
  };
}

/** Finds the valence of each word of a text in its context. */
class ValenceScorer {
  readonly #words: string[];
  readonly #lower: string[];
  readonly #lexicon: Lexicon;
  /** Whether some words are in capitals and some are not. */
  readonly #shouts: boolean;

  constructor(words: string[], lexicon: Lexicon) {
    this.#words = words;
    this.#lower = words.map((word) => word.toLowerCase());
    this.#lexicon = lexicon;
    const capitals = words.filter(isUpper).length;
    this.#shouts = capitals > 0 && capitals < words.length;
  }

  valences(): number[] {
    const valences = this.#lower.map((word, i) =>
      this.#lexicon.boosters.has(word) || (word === 'kind' && this.#lower[i + 1] === 'of')
        ? 0
        : this.#valence(i),
    );
    const but = this.#lower.indexOf('but');
    if (but < 0) return valences;
    // Like the original, this finds a value by searching from the start, and so may hit an earlier word.
    for (let i = 0; i < valences.length; i++) {
      const at = valences.indexOf(valences[i]!);
      if (at < but) valences[at]! *= 0.5;
      else if (at > but) valences[at]! *= 1.5;
    }
    return valences;
  }

  #valence(i: number): number {
    const lower = this.#lower;
    const known = this.#lexicon.valences.get(lower[i]!);
    if (known === undefined) return 0;
    let valence = known;
    // "no" negates the word after it instead of being negative itself.
    if (lower[i] === 'no' && i + 1 < lower.length && this.#lexicon.valences.has(lower[i + 1]!)) valence = 0;
    if (
      lower[i - 1] === 'no' ||
      lower[i - 2] === 'no' ||
      (lower[i - 3] === 'no' && (lower[i - 1] === 'or' || lower[i - 1] === 'nor'))
    )
      valence = known * NEGATION;
    if (this.#shouts && isUpper(this.#words[i]!)) valence += valence > 0 ? CAPITALS : -CAPITALS;
    for (let back = 1; back <= 3 && back <= i; back++) {
      if (this.#lexicon.valences.has(lower[i - back]!)) continue;
      valence += this.#boost(i - back, valence) * DAMPING[back - 1]!;
      valence *= this.#negation(i, back);
      if (back === 3) valence = this.#idiom(i, valence);
    }
    const atLeast = lower[i - 2] === 'at' || lower[i - 2] === 'very';
    return lower[i - 1] === 'least' && !atLeast ? valence * NEGATION : valence;
  }

  /** The strength that a word adds to a later one. */
  #boost(i: number, valence: number): number {
    const boost = this.#lexicon.boosters.get(this.#lower[i]!);
    if (boost === undefined) return 0;
    const signed = valence < 0 ? -boost : boost;
    if (!this.#shouts || !isUpper(this.#words[i]!)) return signed;
    return signed + (valence > 0 ? CAPITALS : -CAPITALS);
  }

  /** The factor that a word some words back applies to the valence of word i. */
  #negation(i: number, back: number): number {
    const word = this.#lower[i - back]!;
    const [next, second] = [this.#lower[i - 1]!, this.#lower[i - 2]!];
    const so = (it: string) => it === 'so' || it === 'this';
    if (back === 2) {
      if (word === 'never' && so(next)) return 1.25;
      if (word === 'without' && next === 'doubt') return 1;
    }
    if (back === 3) {
      if ((word === 'never' && so(second)) || so(next)) return 1.25;
      if (word === 'without' && (second === 'doubt' || next === 'doubt')) return 1;
    }
    return this.#lexicon.negations.has(word) || word.includes("n't") ? NEGATION : 1;
  }

  /** The valence of word i after the idioms around it are taken into account. */
  #idiom(i: number, valence: number): number {
    const { idioms, boosters } = this.#lexicon;
    const [third, second, first, word] = this.#lower.slice(i - 3, i + 1);
    const before = [`${second} ${first}`, `${third} ${second} ${first}`, `${third} ${second}`];
    const meant = [`${first} ${word}`, `${second} ${first} ${word}`, ...before].find((it) => idioms.has(it));
    let result = meant === undefined ? valence : idioms.get(meant)!;
    const [next, afterNext] = [this.#lower[i + 1], this.#lower[i + 2]];
    for (const after of [`${word} ${next}`, `${word} ${next} ${afterNext}`])
      result = idioms.get(after) ?? result;
    for (const it of before) result += boosters.get(it) ?? 0;
    return result;
  }
}

/** Replaces each emoji by its name, set off by spaces. */
function nameEmoji(text: string): string {
  if (!/[\u00a9-\u{1ffff}]/u.test(text)) return text;
  let named = '';
  let isApart = true;
  for (const char of text) {
    const name = emojiName(char);
    if (name !== undefined && !isApart) named += ' ';
    named += name ?? char;
    isApart = name === undefined && char === ' ';
  }
  return named;
}

/** Strips the punctuation around a word, unless two characters or fewer are left: then it is an emoticon. */
function bare(token: string): string {
  const stripped = token.replace(/^[!-/:-@[-`{-~]+|[!-/:-@[-`{-~]+$/g, '');
  return stripped.length <= 2 ? token : stripped;
}

function isUpper(word: string): boolean {
  return word === word.toUpperCase() && word !== word.toLowerCase();
}

function exclamation(text: string): number {
  return Math.min(count(text, '!'), 4) * 0.292;
}

function question(text: string): number {
  const marks = count(text, '?');
  return marks < 2 ? 0 : marks <= 3 ? marks * 0.18 : 0.96;
}

function count(text: string, char: string): number {
  let found = 0;
  for (let at = text.indexOf(char); at >= 0; at = text.indexOf(char, at + 1)) found++;
  return found;
}

/** Rounds as Python does: by the exact binary value, and halves to even. */
function roundHalfEven(value: number, digits: number): number {
  // Only multiples of 2^-(digits + 1) can lie exactly in the middle; toFixed is right for all others.
  if (!Number.isInteger(value * 2 ** (digits + 1))) return Number(value.toFixed(digits)) + 0;
  const scaled = value * 10 ** digits;
  const below = Math.floor(scaled);
  const rounded = scaled - below === 0.5 ? below + (below % 2 === 0 ? 0 : 1) : Math.round(scaled);
  return rounded / 10 ** digits;
}
