import { badRow, type Format, type Row } from './support/format.ts';
import { JoinedLines } from './support/influx/joined-lines.ts';
import { pointOf, seriesKey, type Point } from './support/influx/line-protocol.ts';
import { objectOf } from './support/json-text.ts';
import { lines } from './support/lines.ts';

/** Lines of a file's beginning that are looked at. */
const LOOK_LINES = 20;
const isComment = (text: string) => /^\s*(?:#.*)?$/.test(text);
/** What `influx_inspect export` writes before the points. */
const isStatement = (text: string) => /^CREATE (?:DATABASE|RETENTION POLICY) /.test(text);

/**
 * InfluxDB's line protocol. A row is a point: its measurement, tags (texts), fields and time; integers keep all their
 * digits. A point without a timestamp has no time. The subject is the series: the measurement and all tags. A field with
 * the name of a tag becomes `name_1`, as InfluxDB itself calls it. Comments, and statements of an export, are passed over.
 */
export default {
  name: 'influx',
  endings: ['.lp', '.line', '.influx', '.txt'],
  looksLike(head) {
    const all = head.split('\n', LOOK_LINES + 1);
    // The last line may be cut off.
    const looked = all.length > 1 ? all.slice(0, -1) : all;
    const joined = joinedLines(new Map());
    const rows = looked.flatMap((text, i) => joined.push({ line: i + 1, text: text.replace(/\r$/, '') }));
    const points = rows.filter(({ values }) => values !== null);
    const isCertain = points.some(
      ({ values }) => 'time' in values! && !/[=:{]/.test(String(values['measurement'])),
    );
    return isCertain && points.length >= rows.length * 0.8;
  },
  async *rows(input, { rename }) {
    const joined = joinedLines(rename);
    for await (const chunk of lines(input.text())) yield chunk.flatMap((line) => joined.push(line));
    yield joined.end();
  },
} satisfies Format;

const joinedLines = (rename: ReadonlyMap<string, string>) =>
  new JoinedLines({
    isOpen: (text) => text.includes('"') && !isComment(text) && 'open' in pointOf(text),
    isRow: (text) => 'fields' in pointOf(text),
    read: (line, text) => (isComment(text) || isStatement(text) ? null : rowOf(line, text, rename)),
  });

function rowOf(line: number, text: string, rename: ReadonlyMap<string, string>): Row {
  const point = pointOf(text);
  if (!('fields' in point)) return badRow(line, `Not line protocol: ${point.problem}`, text);
  return { line, ...objectOf(membersOf(point), rename), subject: seriesKey(point.measurement, point.tags) };
}

function membersOf({ measurement, tags, fields, timestamp }: Point): Map<string, string> {
  const members = new Map([['measurement', JSON.stringify(measurement)]]);
  const taken = new Set(['measurement', 'time']);
  const add = (name: string, json: string) => {
    let free = name;
    for (let n = 1; taken.has(free); n++) free = `${name}_${n}`;
    taken.add(free);
    members.set(free, json);
  };
  for (const [name, value] of tags) add(name, JSON.stringify(value));
  for (const [name, json] of fields) add(name, json);
  if (timestamp !== undefined) members.set('time', timestamp);
  return members;
}
