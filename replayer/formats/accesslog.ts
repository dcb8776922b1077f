import { isIP } from 'node:net';
import { badRow, type Format, type Row } from './support/format.ts';
import { objectOf } from './support/json-text.ts';
import { lineRows } from './support/lines.ts';
import { isoOfLog, tokensOf, unescaped } from './support/log-line.ts';

const ENTRY = /^(.*?) \[([^\]]{10,40})\] "((?:[^"\\]|\\.)*)" (\d{3}|-) (\d{1,18}|-)(?:\s(.*))?$/s;
const REQUEST = /^([A-Za-z][\w-]*) (\S(?:.*\S)?) (HTTP\/\d(?:\.\d)?)$/;
/** Lines of a file's beginning that are looked at. */
const LOOK_LINES = 20;

/**
 * Access logs of Apache and nginx in the common or the combined format, with a virtual host before it or more fields behind
 * it: those are texts in `extra`. A row is a request; the client (`host`) is its subject. A dash is an absent member. A
 * request that is not a method, a path and a protocol is kept as `request`.
 */
export default {
  name: 'accesslog',
  endings: ['access.log', 'access_log', '.log'],
  looksLike(head) {
    const looked = head.split('\n', LOOK_LINES).filter((line) => line.trim() !== '');
    return looked.length > 0 && looked.filter((line) => ENTRY.test(line)).length >= looked.length / 2;
  },
  async *rows(input, { rename }) {
    yield* lineRows(input, (line, text) => (text.trim() === '' ? [] : [read(line, text, rename)]));
  },
  cut: { rowsEnd: (bytes) => bytes.lastIndexOf('\n') + 1 },
} satisfies Format;

function read(line: number, text: string, rename: ReadonlyMap<string, string>): Row {
  const [, before, writtenTime, request, status, bytes, after] = ENTRY.exec(text) ?? [];
  if (writtenTime === undefined)
    return badRow(line, 'Not an entry of an access log: client, [time], "request", status, bytes.', text);
  const time = isoOfLog(writtenTime);
  if (time === undefined) return badRow(line, `"${writtenTime}" is not a time of an access log.`, text);
  const client = clientOf(before!);
  if (client === null) return badRow(line, 'The client, its identity and its user are not there.', text);
  const more = tokensOf(after ?? '');
  if (more === null) return badRow(line, 'A quote is never closed.', text);
  const named = more[0]?.quoted === true && more[1]?.quoted === true ? more.splice(0, 2) : [];
  const members: [string, string | number | string[] | undefined][] = [
    ['time', time],
    ['host', client.host],
    ['vhost', client.vhost],
    ['ident', present(client.ident)],
    ['user', present(client.user)],
    ...requestOf(unescaped(request!)),
    ['status', status === '-' ? undefined : Number(status)],
    ['bytes', bytes === '-' ? undefined : Number(bytes)],
    ['referer', present(named[0]?.text)],
    ['user_agent', present(named[1]?.text)],
    ['extra', more.length > 0 ? more.map(({ text: each }) => each) : undefined],
  ];
  const written = members.flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, JSON.stringify(value)]],
  );
  return { line, ...objectOf(written, rename), subject: client.host };
}

const present = (text: string | undefined) => (text === '-' || text === '' ? undefined : text);

/** Client, identity and user; before them there may be a virtual host. A user's name may hold blanks. */
function clientOf(before: string) {
  const words = before.trim().split(/ +/);
  if (words.length < 3) return null;
  const isHost = (word: string) => isIP(word.replace(/%.*$/, '')) !== 0;
  const [first, second] = words as [string, string];
  const hasVhost = words.length > 3 && !isHost(first) && (isHost(second) || /:\d+$/.test(first));
  const [host, ident, ...user] = hasVhost ? words.slice(1) : words;
  return { vhost: hasVhost ? first : undefined, host: host!, ident: ident!, user: user.join(' ') };
}

function requestOf(text: string): [string, string | undefined][] {
  const [, method, path, protocol] = REQUEST.exec(text) ?? [];
  if (method === undefined) return [['request', present(text)]];
  return [
    ['method', method],
    ['path', path],
    ['protocol', protocol],
  ];
}
