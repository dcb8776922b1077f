import { badRow, skippedRow, type Format, type Row } from './support/format.ts';
import { membersOf, objectOf, parseObject } from './support/json-text.ts';
import { lineRows } from './support/lines.ts';
import { isoTime, timeMsOf } from '../../core/wire/event.ts';

const ENTRY = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z)\t([^\t]*)\t(.*)$/s;
/** Members of OwnTracks' JSON -> our names. All others keep their names. */
const NAMES: { [name: string]: string } = {
  lat: 'latitude',
  lon: 'longitude',
  alt: 'elevation',
  acc: 'accuracy',
  cog: 'bearing',
};

/**
 * Files of the OwnTracks Recorder (`rec/user/device/2015-08.rec`): a line is the time of a message in UTC, its topic below the
 * device's (`*` is the device's own), and its JSON, between tabs. A row is a message with a position; `vel` (km/h) becomes
 * metres per second. Its time is `tst`, the time of the fix, or else that of the line; its subject is the topic or else
 * the tracker id. Messages without a position (cards, last wills) are passed over.
 */
export default {
  name: 'owntracks',
  endings: ['.rec'],
  looksLike: (head) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\t[^\t\n]*\t/.test(head),
  async *rows(input, { rename }) {
    yield* lineRows(input, (line, text) => (text.trim() === '' ? [] : [read(line, text, rename)]));
  },
  cut: { rowsEnd: (bytes) => bytes.lastIndexOf('\n') + 1 },
} satisfies Format;

function read(line: number, text: string, rename: ReadonlyMap<string, string>): Row {
  const [, written, topic, payload] = ENTRY.exec(text) ?? [];
  if (payload === undefined || Number.isNaN(timeMsOf(written!)))
    return badRow(
      line,
      'Not an entry of OwnTracks: a time in UTC, a topic and a message, between tabs.',
      text,
    );
  if (!payload.trimStart().startsWith('{')) return skippedRow(line, 'a message that is not JSON');
  let members: Map<string, string>;
  try {
    parseObject(payload, new Map());
    members = membersOf(payload);
  } catch (error) {
    return badRow(line, (error as Error).message, text);
  }
  const type = textOf(members.get('_type')) ?? 'unknown';
  if (!members.has('lat') || !members.has('lon'))
    return skippedRow(line, `a message of type ${type.slice(0, 40)}`);
  const own = topic!.trim();
  const named: [string, string][] = [['time', JSON.stringify(timeOf(members.get('tst')) ?? written)]];
  let absent = 0;
  for (const [name, value] of members) {
    // Phones say -1 where they know no speed, course or accuracy.
    if (['vel', 'cog', 'acc'].includes(name) && Number(numberOf(value)) < 0) {
      absent++;
      continue;
    }
    const velocity = name === 'vel' ? numberOf(value) : null;
    if (velocity !== null)
      named.push(['speed_meters_per_second', String(Number((velocity / 3.6).toFixed(4)))]);
    else named.push([NAMES[name] ?? name, NAMES[name] === undefined ? value : jsonOf(value)]);
  }
  if (own !== '*' && own !== '') named.push(['relative_topic', JSON.stringify(own)]);
  const subject = textOf(members.get('topic')) ?? textOf(members.get('tid'));
  return {
    line,
    ...objectOf(named, rename),
    ...(subject !== undefined && { subject }),
    ...(absent > 0 && { absent }),
  };
}

/** Epoch seconds as ISO 8601; undefined where they are not a plausible time. */
function timeOf(json: string | undefined): string | undefined {
  const seconds = json === undefined ? null : numberOf(json);
  return seconds !== null && seconds > 0 && seconds < 1e11 ? isoTime(seconds * 1000) : undefined;
}

/** The number that a member holds; older apps write numbers as texts. null: it is not a number. */
function numberOf(json: string): number | null {
  const text = textOf(json) ?? json;
  return /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : null;
}

const jsonOf = (json: string) => (numberOf(json) === null ? json : String(textOf(json) ?? json));

const textOf = (json: string | undefined) =>
  json?.startsWith('"') ? (JSON.parse(json) as string) : undefined;
