import { LANGUAGE_FILES, measureLanguage } from './accuracy/language.ts';
import { measureSentiment, measureTones, POSTS_FILE, TONE_FILE } from './accuracy/sentiment.ts';
import type { Bench, Figure } from './run.ts';

export default {
  summary:
    'How right the text services are on the recordings in ../shared/data; language: told which languages a file has.',
  async run(report) {
    for (const file of LANGUAGE_FILES) reportLanguage(file, report);
    reportSentiment(report);
  },
} satisfies Bench;

function reportLanguage(file: string, report: (figure: Figure) => void) {
  const figures = measureLanguage(file);
  if (!figures) return missing(file);
  const { right, byLanguage, rightOfAll, textsPerSecond } = figures;
  report({ name: `language ${file}`, value: right, unit: 'share right' });
  for (const [language, value] of byLanguage)
    report({ name: `language ${file} ${language}`, value, unit: 'share right' });
  report({ name: `language ${file}, of all 60`, value: rightOfAll, unit: 'share right' });
  report({ name: `language ${file}`, value: textsPerSecond, unit: 'texts/s of CPU' });
}

function reportSentiment(report: (figure: Figure) => void) {
  const figures = measureSentiment();
  if (!figures) return missing(TONE_FILE);
  report({ name: `sentiment ${TONE_FILE}`, value: figures.r, unit: 'Pearson r' });
  report({ name: `sentiment ${TONE_FILE}`, value: figures.weightedF1, unit: 'weighted F1' });
  report({ name: `sentiment ${TONE_FILE}`, value: figures.textsPerSecond, unit: 'texts/s of CPU' });
  for (const [language, { macroF1, isSupported }] of measureTones() ?? [])
    report({
      name: `sentiment ${POSTS_FILE} ${language}${isSupported ? '' : ', unsupported'}`,
      value: macroF1,
      unit: 'macro F1',
    });
}

function missing(file: string) {
  console.error(`left out, as it is not there: ../shared/data/${file}`);
}
