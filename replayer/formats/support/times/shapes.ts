import { MONTH_NAME, WEEKDAY_NAME } from './calendar.ts';

/**
 * A pattern that texts of one shape may be in. In the template, `{d}`, `{M}`, `{H}` and `{h}` may have one digit or two,
 * and `{:ss}` and `{.SSS}` may be missing.
 */
export interface Shape {
  template: string;
  /** Whether all numbers of the date and the hour have two digits. */
  padded: boolean;
  seconds: boolean;
  fraction: boolean;
}

/** A part of a text, a date or a time of day, with the templates that it may have; `end`: where it ends. */
interface Part {
  templates: string[];
  end: number;
  padded: boolean;
  seconds: boolean;
  fraction: boolean;
}

type Groups = { [name: string]: string | undefined };
type Recipe = [regex: RegExp, templates: (groups: Groups) => string[]];

const sticky = (source: string) => new RegExp(source, 'iy');
const ORDINAL = '(?:st|nd|rd|th)?';
const DATES: Recipe[] = [
  [sticky('\\d{4}(?<s>[-/._ ])\\d{1,2}\\k<s>\\d{1,2}(?!\\d)'), ({ s }) => [`yyyy${s}{M}${s}{d}`]],
  [sticky(`\\d{4}(?<s>[-/ ])${MONTH_NAME}\\k<s>\\d{1,2}(?!\\d)`), ({ s }) => [`yyyy${s}MMM${s}{d}`]],
  [
    sticky('\\d{1,2}(?<s>[-/._ ])\\d{1,2}\\k<s>\\d{4}(?!\\d)'),
    ({ s }) => [`{d}${s}{M}${s}yyyy`, `{M}${s}{d}${s}yyyy`],
  ],
  [
    sticky('\\d{1,2}(?<s>[-/._])\\d{1,2}\\k<s>\\d{2}(?!\\d)'),
    ({ s }) => [`{d}${s}{M}${s}yy`, `{M}${s}{d}${s}yy`, `yy${s}{M}${s}{d}`],
  ],
  [
    sticky(`\\d{1,2}${ORDINAL}(?<s>\\. |[-/. ]?)${MONTH_NAME}\\.?(?<t>,? |[-/.]?)\\d{4}(?!\\d)`),
    ({ s, t }) => [`{d}${s}MMM${t}yyyy`],
  ],
  [sticky(`\\d{1,2}(?<s>[-/ ]?)${MONTH_NAME}\\.?\\k<s>\\d{2}(?!\\d)`), ({ s }) => [`{d}${s}MMM${s}yy`]],
  [
    sticky(`${MONTH_NAME}\\.?(?<s>[-/ ])\\d{1,2}${ORDINAL}(?<t>, ?|[-/ ])\\d{4}(?!\\d)`),
    ({ s, t }) => [`MMM${s}{d}${t}yyyy`],
  ],
  [sticky('\\d{8}(?!\\d)'), () => ['yyyyMMdd', 'ddMMyyyy', 'MMddyyyy']],
];
const CLOCKS: Recipe[] = [
  [
    sticky(
      '\\d{1,2}(?<s>[:.h-])\\d{2}(?:\\k<s>(?<second>\\d{2})(?:[.,](?<fraction>\\d+))?)?(?:(?<b>\\s?)(?<a>[ap]\\.?\\s?m\\b\\.?))?(?!\\d)',
    ),
    ({ s, a, b }) => [`${a ? '{h}' : '{H}'}${quoted(s!)}mm{${quoted(s!)}ss}{.SSS}${a ? `${b}a` : ''}`],
  ],
  [sticky('\\d{1,2}(?<b>\\s?)[ap]\\.?\\s?m\\b\\.?'), ({ b }) => [`{h}${b}a`]],
  [sticky('\\d{4}(?<second>\\d{2})(?:[.,](?<fraction>\\d+))?(?!\\d)'), () => ['HHmmss{.SSS}']],
  [sticky('\\d{4}(?!\\d)'), () => ['HHmm']],
  [sticky('\\d{1,2} \\d{1,2} (?<second>\\d{1,2})(?:\\.(?<fraction>\\d+))?$'), () => ['{H} m s{.SSS}']],
  [sticky('\\d{1,2} \\d{1,2}$'), () => ['{H} m']],
  [sticky('\\d{1,2}$'), () => ['{H}']],
];
const BETWEEN = sticky(',? at |, ?|T| - |[ _|:-]');
const WEEKDAY = sticky(`${WEEKDAY_NAME}\\.?(?<t>,? )`);
/** As C's `ctime`, `date` and Twitter write it: the clock stands before the year. */
const CTIME =
  /^[a-z]{3,9} \d{1,2},? \d{1,2}:\d{2}:\d{2}(?:\.(?<fraction>\d+))?(?<zone> [a-z+-][^ ]*)? \d{4}$/i;
/** What may stand behind a time of day: a zone. */
const TAIL = /^$|^\s*[^\d\s:.,/]/;

/** The patterns that a text may be in, the likelier first; none where it does not look like a date. */
export function shapesOf(given: string): Shape[] {
  const text = given.trim().replace(/\s+/g, ' ');
  WEEKDAY.lastIndex = 0;
  const weekday = WEEKDAY.exec(text);
  const rest = weekday ? text.slice(weekday[0].length) : text;
  const before = weekday ? `EEE${weekday.groups!['t']!}` : '';
  const ctime = CTIME.exec(rest)?.groups;
  const shapes = ctime
    ? [
        {
          template: `MMM {d} {H}:mm{:ss}{.SSS}${ctime['zone'] ? ' ZZZ' : ''} yyyy`,
          padded: !/ \d[ ,]/.test(rest),
          seconds: true,
          fraction: ctime['fraction'] !== undefined,
        },
      ]
    : [...dateFirst(rest), ...clockFirst(rest)];
  return shapes.map((shape) => ({ ...shape, template: before + shape.template }));
}

function* dateFirst(text: string): Generator<Shape> {
  for (const date of partsAt(DATES, text, 0)) {
    if (date.end === text.length) yield* joined([date], ['', '']);
    BETWEEN.lastIndex = date.end;
    const between = BETWEEN.exec(text)?.[0];
    if (between === undefined) continue;
    for (const clock of partsAt(CLOCKS, text, date.end + between.length)) {
      if (TAIL.test(text.slice(clock.end))) yield* joined([date, clock], ['', quoted(between)]);
    }
  }
}

function* clockFirst(text: string): Generator<Shape> {
  for (const clock of partsAt(CLOCKS.slice(0, 2), text, 0)) {
    const between = /^(?:, ?| )/.exec(text.slice(clock.end))?.[0];
    if (between === undefined) continue;
    for (const date of partsAt(DATES, text, clock.end + between.length))
      if (date.end === text.length) yield* joined([clock, date], ['', between]);
  }
}

function* partsAt(recipes: Recipe[], text: string, at: number): Generator<Part> {
  for (const [regex, templates] of recipes) {
    regex.lastIndex = at;
    const match = regex.exec(text);
    if (!match) continue;
    const groups: Groups = match.groups ?? {};
    yield {
      templates: templates(groups),
      end: at + match[0].length,
      padded: !/(?<![\d.])\d(?!\d)/.test(match[0]),
      seconds: groups['second'] !== undefined,
      fraction: groups['fraction'] !== undefined,
    };
  }
}

/** All combinations of the templates of parts. */
function joined(parts: Part[], between: string[]): Shape[] {
  const templates = parts.reduce(
    (found, part, i) =>
      found.flatMap((before) => part.templates.map((template) => before + between[i]! + template)),
    [''],
  );
  return templates.map((template) => ({
    template,
    padded: parts.every((part) => part.padded),
    seconds: parts.some((part) => part.seconds),
    fraction: parts.some((part) => part.fraction),
  }));
}

/** Letters between the tokens of a pattern stand between quotes. */
function quoted(text: string): string {
  return text.replace(/[A-Za-z]+/g, "'$&'");
}

/** The pattern of all texts of one shape. */
export function patternOf({ template, padded, seconds, fraction }: Shape): string {
  return template
    .replace(/\{([dMHh])\}/g, padded ? '$1$1' : '$1')
    .replace(/\{([^}]*ss)\}/, seconds ? '$1' : '')
    .replace('{.SSS}', fraction ? '.SSS' : '');
}
