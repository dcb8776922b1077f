import { basePath } from '../ui/base-path.ts';

/** The query parameters that hold the view; others are left unchanged. */
const PARAMETERS = [
  'replay',
  'recordings',
  't',
  'rate',
  'map',
  'channel',
  'subject',
  'follow',
  'part',
  'box',
  'only',
  'charts',
] as const;

/** The parameters of the view, as texts. */
export type ViewParameters = Record<(typeof PARAMETERS)[number], string | undefined>;

/** Two names that belong together, such as a channel and a subject. */
export type Pair = readonly [channel: string, name: string];

/** The view in the address. */
export function readAddress(): ViewParameters {
  const query = new URLSearchParams(location.search);
  return Object.fromEntries(PARAMETERS.map((name) => [name, query.get(name) ?? undefined])) as ViewParameters;
}

/** Puts a view into the address, if it is another one. */
export function writeAddress(view: ViewParameters): void {
  const query = new URLSearchParams(location.search);
  for (const name of PARAMETERS) {
    if (view[name] === undefined) query.delete(name);
    else query.set(name, view[name]);
  }
  // Colons, commas and slashes are allowed in a query, and easier to read unescaped.
  const text = query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%2F', '/');
  const search = text && `?${text}`;
  if (search !== location.search)
    history.replaceState(history.state, '', `${basePath}${search}${location.hash}`);
}

/** Numbers separated by commas. */
export const numbersOf = (text: string | undefined): number[] => (text ?? '').split(',').map(Number);

/** Names as one text, with commas in them escaped; undefined for an empty list. */
export const listText = (names: readonly string[]): string | undefined =>
  names.map(escaped).join() || undefined;

/** The names in a text of `listText`. */
export const listOf = (text: string | undefined): string[] => (text ? text.split(',').map(unescaped) : []);

/** `gps/car-1,gps/car-2`, with commas in names escaped; undefined for an empty list. */
export const pairText = (list: readonly Pair[]): string | undefined =>
  list.map(([channel, name]) => `${channel}/${escaped(name)}`).join() || undefined;

/** The pairs in a text of `pairText`. */
export function pairsOf(text: string | undefined): Pair[] {
  return (text?.split(',') ?? []).flatMap((pair): Pair[] => {
    const [, channel, name] = /^([^/]+)\/(.+)$/.exec(pair) ?? [];
    return channel && name ? [[channel, unescaped(name)]] : [];
  });
}

const escaped = (name: string): string => name.replace(/[%,]/g, encodeURIComponent);

/** Undoes only the escapes of `escaped`: an address may be written by hand. */
const unescaped = (name: string): string =>
  name.replace(/%(25|2C)/gi, (_, code: string) => (code === '25' ? '%' : ','));
