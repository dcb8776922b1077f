/** The word lists that VADER's rules use. All words are in lower case. */
export interface Lexicon {
  /** Words, emoticons and emoji names -> valence, from -4 (bad) to 4 (good). */
  valences: ReadonlyMap<string, number>;
  /** Words that negate the next three. */
  negations: ReadonlySet<string>;
  /** Words and word pairs that strengthen or weaken what follows. */
  boosters: ReadonlyMap<string, number>;
  /** Two or three words that together mean something else -> their valence. */
  idioms: ReadonlyMap<string, number>;
}

const STRONGER = 0.293;
const WEAKER = -0.293;

/** Splits a list of words at spaces. */
export const words = (text: string): string[] => text.split(/\s+/).filter(Boolean);

export const ENGLISH_NEGATIONS: ReadonlySet<string> = new Set(
  words(`aint arent cannot cant couldnt darent didnt doesnt ain't aren't can't couldn't daren't didn't doesn't dont
    hadnt hasnt havent isnt mightnt mustnt neither don't hadn't hasn't haven't isn't mightn't mustn't neednt needn't
    never none nope nor not nothing nowhere oughtnt shant shouldnt uhuh wasnt werent oughtn't shan't shouldn't uh-uh
    wasn't weren't without wont wouldnt won't wouldn't rarely seldom despite`),
);

export const ENGLISH_BOOSTERS: ReadonlyMap<string, number> = new Map([
  ...words(`absolutely amazingly awfully completely considerable considerably decidedly deeply effing enormous
    enormously entirely especially exceptional exceptionally extreme extremely fabulously flipping flippin frackin
    fracking fricking frickin frigging friggin fully fuckin fucking fuggin fugging greatly hella highly hugely
    incredible incredibly intensely major majorly more most particularly purely quite really remarkably so
    substantially thoroughly total totally tremendous tremendously uber unbelievably unusually utter utterly very`).map(
    (word): [string, number] => [word, STRONGER],
  ),
  ...words(`almost barely hardly kinda kindof kind-of less little marginal marginally occasional occasionally partly
    scarce scarcely slight slightly somewhat sorta sortof sort-of`).map((word): [string, number] => [
    word,
    WEAKER,
  ]),
  ['just enough', WEAKER],
  ['kind of', WEAKER],
  ['sort of', WEAKER],
]);

export const ENGLISH_IDIOMS: ReadonlyMap<string, number> = new Map([
  ['the shit', 3],
  ['the bomb', 3],
  ['bad ass', 1.5],
  ['badass', 1.5],
  ['bus stop', 0],
  ['yeah right', -2],
  ['kiss of death', -1.5],
  ['to die for', 3],
  ['beating heart', 3.1],
  ['broken heart', -2.9],
]);
