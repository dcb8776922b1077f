import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import sentiment from '../../../../backend/analysis/services/sentiment.ts';
import { lexiconOf } from '../../../../backend/analysis/text/languages.ts';
import { tone } from '../../../../backend/analysis/text/vader.ts';
import { measureSentiment, TONE_FILE } from '../../../../bench/accuracy/sentiment.ts';
import { needs, readings, refusesWhatHasNoText } from '../../../helpers/posts.ts';

/**
 * What vaderSentiment 3.3.2 (Python) says. The first 16 are the examples of its README, which says otherwise of two: of
 * "At least it isn't a horrible book." and of the emoji it still has the scores of an older lexicon.
 */
const REFERENCE = readFileSync(new URL('../../../fixtures/text/vader.tsv', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [compound, positive, neutral, negative, text] = line.split('\t');
    return {
      text: text!,
      expected: {
        compound: Number(compound),
        positive: Number(positive),
        neutral: Number(neutral),
        negative: Number(negative),
      },
    };
  });

describe('VADER', () => {
  it('gives the same scores as the original, digit for digit', () => {
    const english = lexiconOf('en')!;
    assert.deepEqual(
      REFERENCE.map(({ text }) => ({ text, expected: tone(text, english) })),
      REFERENCE,
    );
    assert.equal(REFERENCE.length, 75);
  });

  it('finds the tone of 4,200 tweets as people do: r >= 0.87, weighted F1 >= 0.94', function () {
    const { r, weightedF1 } = needs(this, TONE_FILE, measureSentiment());
    assert.ok(r >= 0.87, `r = ${r}`);
    assert.ok(weightedF1 >= 0.94, `F1 = ${weightedF1}`);
  });
});

describe('service sentiment', () => {
  const tones = (data: Parameters<typeof readings>[1], params = {}) =>
    readings(sentiment, data, params).map((it) => [it['sentiment'], it['compound'], it['supported']]);

  it('gives the tone and its scores, and keeps the other members of a post', () => {
    const post = { text: 'The tram is early, what a lovely morning!', user: 'ada', likes: 3 };
    const scores = { compound: 0.6239, positive: 0.369, neutral: 0.631, negative: 0 };
    assert.deepEqual(readings(sentiment, [post]), [
      { ...post, ...scores, sentiment: 'positive', supported: true },
    ]);
  });

  it('separates the tones at 0.05 and -0.05', () => {
    assert.deepEqual(tones(['good but bad but good', 'GOOD bad', 'I am 😀😢', 'Today SUX!']), [
      ['neutral', 0.0129, true],
      ['neutral', 0.0343, true],
      ['negative', -0.1531, true],
      ['negative', -0.5461, true],
    ]);
  });

  it('uses the detected language, else that of the source, else its parameter', () => {
    const text = 'Che giornata terribile e triste';
    const italian = ['negative', -0.6369, true];
    const told = (data: { language?: string; lang?: string }, params = {}) =>
      tones([{ text, ...data }], params)[0];
    assert.deepEqual(told({ language: 'it', lang: 'en' }), italian);
    assert.deepEqual(told({ language: 'und', lang: 'it-CH' }), italian);
    assert.deepEqual(told({ lang: 'IT_it' }), italian);
    assert.deepEqual(told({}, { language: 'it' }), italian);
    assert.deepEqual(told({}), ['neutral', 0, true]);
  });

  it('reverses a tone after the negations of the language', () => {
    const scores = [
      ['es', 'bueno', 'no es bueno'],
      ['fr', 'superbe', 'ce n’est pas superbe'],
      ['it', 'meraviglioso', 'non è meraviglioso'],
      ['pt', 'bom', 'não é bom'],
    ].map(([language, ...texts]) => tones(texts.map((text) => ({ text, language }))).map(([name]) => name));
    assert.deepEqual(scores, Array(4).fill(['positive', 'negative']));
  });

  it('says if it has no lexicon for the language', () => {
    const data = [{ text: 'Was für ein schrecklicher, terrible Tag', language: 'de' }];
    assert.deepEqual(tones(data), [['neutral', 0, false]]);
    assert.deepEqual(tones([{ text: 'good', language: 'constructor' }]), [['neutral', 0, false]]);
  });

  it('uses the cleaned text if there is one', () => {
    assert.deepEqual(
      tones([{ text: 'I &lt;3 it, #awful name though', clean: 'I <3 it' }]),
      tones(['I <3 it']),
    );
    assert.deepEqual(tones([{ text: 'lovely', clean: '' }]), [['neutral', 0, true]]);
  });

  it('recognises coloured hearts and typographic apostrophes', () => {
    const [plain, coloured, typed, typeset] = tones(['❤ tram', '❤\ufe0f tram', "isn't good", 'isn’t good']);
    assert.deepEqual(plain, ['positive', 0.6369, true]);
    assert.deepEqual(coloured, plain);
    assert.deepEqual(typed, ['negative', -0.3412, true]);
    assert.deepEqual(typeset, typed);
  });

  it('sends posts without a text to the dead letters', () => refusesWhatHasNoText(sentiment));
});
