import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { ENGLISH_BOOSTERS, ENGLISH_IDIOMS, ENGLISH_NEGATIONS, words, type Lexicon } from './lexicon.ts';

const require = createRequire(import.meta.url);

/** Words whose valence in vaderSentiment 3.3.2 is missing or different in the older lexicon of the package. */
const UPDATES: [string, number][] = [
  ['badass', 1.4],
  ['flawed', -2.1],
  ['heart', 3.2],
  ['hearts', 3.3],
];
/** AFINN rates from -5 to 5, VADER from -4 to 4. */
const AFINN_SCALE = 0.8;

const NEGATIONS: { [language: string]: string } = {
  es: 'no nunca jamás sin ni tampoco ningún ninguno ninguna nada',
  fr: 'pas jamais sans ni aucun aucune rien plus',
  it: 'non mai senza né nessun nessuno nessuna niente',
  pt: 'não nao nunca jamais sem nem nenhum nenhuma',
};

const lexicons = new Map<string, Lexicon>();

/**
 * The lexicon of a language (ISO 639-1); null where no lexicon does better than guessing, as for German. English has
 * VADER's own. Spanish, French, Italian and Portuguese have VADER's emoticons and a machine translation of AFINN-165
 * (Nielsen, 2011): of three tones it finds the right one for about 2 posts in 5, so use it for means over many posts
 * only. A lexicon is read at the first call.
 */
export function lexiconOf(language: string): Lexicon | null {
  const known = lexicons.get(language);
  if (known) return known;
  const read =
    language === 'en' ? english() : Object.hasOwn(NEGATIONS, language) ? translated(language) : null;
  if (read) lexicons.set(language, read);
  return read;
}

function english(): Lexicon {
  const lines = readFileSync(require.resolve('vader-sentiment/vader_lexicon.txt'), 'utf8')
    .trimEnd()
    .split('\n');
  const valences = lines.map((line): [string, number] => {
    const [word, valence] = line.trim().split('\t');
    return [word!, Number(valence)];
  });
  return {
    valences: new Map([...valences, ...UPDATES]),
    negations: ENGLISH_NEGATIONS,
    boosters: ENGLISH_BOOSTERS,
    idioms: ENGLISH_IDIOMS,
  };
}

function translated(language: string): Lexicon {
  const afinn = require(`afinn-165-multilingual/build/AFINN-${language}.json`) as {
    [word: string]: number | null;
  };
  const negations = new Set(words(NEGATIONS[language]!));
  const emoticons = [...lexiconOf('en')!.valences].filter(([word]) => !/[a-z]{2}/.test(word));
  const valences = Object.entries(afinn)
    .filter((entry): entry is [string, number] => entry[0] !== '' && entry[1] !== null)
    // A word with a valence does not negate others; "no" is the exception, which the rules handle.
    .filter(([word]) => word === 'no' || !negations.has(word))
    .map(([word, valence]): [string, number] => [word.toLowerCase(), valence * AFINN_SCALE]);
  return {
    valences: new Map([...emoticons, ...valences]),
    negations,
    boosters: new Map(),
    idioms: new Map(),
  };
}
