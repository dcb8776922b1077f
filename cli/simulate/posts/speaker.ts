import type { Language } from './posts-plan.ts';
import de from './phrases/de.ts';
import en from './phrases/en.ts';
import es from './phrases/es.ts';
import fr from './phrases/fr.ts';
import it from './phrases/it.ts';
import type { Phrases, Sentiment, Topic } from './phrases/phrases.ts';
import pt from './phrases/pt.ts';
import type { Random } from '../support/random.ts';

const PHRASES: Readonly<Record<Language, Phrases>> = { en, es, fr, de, it, pt };
// No text is repeated within this many posts, if the phrases allow it.
const MEMORY = 400;
const TRIES = 8;
const USERS_PER_LANGUAGE: Readonly<Record<Language, number>> = {
  en: 160,
  es: 40,
  fr: 36,
  de: 36,
  it: 30,
  pt: 44,
};
const FIRST = [
  'quay',
  'salt',
  'dune',
  'tram',
  'heron',
  'pine',
  'ferry',
  'cork',
  'lantern',
  'tide',
  'olive',
  'pebble',
];
const SECOND = [
  'rider',
  'walker',
  'cook',
  'fan',
  'owl',
  'baker',
  'sailor',
  'reader',
  'cat',
  'piper',
  'gardener',
];

/** Writes texts: fills the sentences of the phrase books with words, and remembers the latest texts. */
export class Speaker {
  readonly #random: Random;
  readonly #recent = new Set<string>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** An author who speaks a language. A few authors post much, most post little. */
  user(lang: Language): string {
    const users = USERS_PER_LANGUAGE[lang];
    const rank = Math.floor(users * this.#random.next() ** 2);
    return `${FIRST[(rank * 7) % FIRST.length] as string}_${SECOND[(rank * 5) % SECOND.length] as string}_${lang}${rank + 1}`;
  }

  /** A post; about the goal if `goal`. */
  say(lang: Language, topic: Topic, sentiment: Sentiment, goal: boolean): string {
    let text = '';
    for (let tried = 0; tried < TRIES; tried++) {
      text = this.#compose(PHRASES[lang], topic, sentiment, goal);
      if (!this.#recent.has(text)) break;
    }
    this.#recent.delete(text);
    this.#recent.add(text);
    if (this.#recent.size > MEMORY) this.#recent.delete(this.#recent.values().next().value as string);
    return text;
  }

  #compose(phrases: Phrases, topic: Topic, sentiment: Sentiment, goal: boolean): string {
    const random = this.#random;
    const shout = goal && topic === 'football' && sentiment === 'positive';
    const template = random.pick(shout ? phrases.goal : phrases.sentences[topic][sentiment]);
    const parts = [this.#fill(template, phrases.words)];
    if (!shout && random.next() < 0.22) parts.unshift(random.pick(phrases.openers[sentiment]));
    const body = capital(parts.join(' '));
    const closer = random.next() < 0.42 ? random.pick(phrases.closers[sentiment]) : '';
    const tag = random.next() < 0.45 ? random.pick(phrases.tags[topic]) : '';
    return [punctuated(body, closer), tag].filter(Boolean).join(' ');
  }

  #fill(template: string, words: Phrases['words']): string {
    return template.replace(/\{(\w+)\}/g, (_slot, name: string) =>
      this.#fill(this.#random.pick(words[name] as readonly string[]), words),
    );
  }
}

// A remark that begins with a letter needs a full stop before it; marks such as !!! and ... stick to the word.
function punctuated(body: string, closer: string): string {
  if (!closer) return body;
  if (/^[.!]/.test(closer)) return `${body.replace(/[.!?]+$/, '')}${closer}`;
  return /^[\p{L}¡¿]/u.test(closer) && !/[.!?]$/.test(body) ? `${body}. ${closer}` : `${body} ${closer}`;
}

// At the beginning, and after the end of a sentence.
function capital(text: string): string {
  return text.replace(
    /(^|[.!?] )(\p{Ll})/gu,
    (_all, end: string, letter: string) => end + letter.toUpperCase(),
  );
}
