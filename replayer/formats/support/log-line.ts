const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const LOG_TIME =
  /^(\d{1,2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}):(\d{2}):(\d{2})(\.\d{1,9})? ([+-]\d{2})(\d{2})$/;
const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const TOKEN = /"((?:[^"\\]|\\.)*)"(?=\s|$)|\[([^\]]*)\](?=\s|$)|([^\s"[]\S*)/y;
const ESCAPES: { [letter: string]: string } = { n: '\n', r: '\r', t: '\t', b: '\b', v: '\v', f: '\f' };

/** The time of an access log (10/Oct/2000:13:55:36 -0700, or ISO 8601) as ISO 8601 with its zone; undefined for others. */
export function isoOfLog(text: string): string | undefined {
  if (ISO_TIME.test(text)) return Number.isNaN(Date.parse(text)) ? undefined : text;
  const [, day, name, year, hour, minute, second, fraction = '', zoneHour, zoneMinute] =
    LOG_TIME.exec(text) ?? [];
  if (year === undefined) return undefined;
  const month = String(MONTHS.indexOf(name!) + 1).padStart(2, '0');
  const iso = `${year}-${month}-${day!.padStart(2, '0')}T${hour}:${minute}:${second}${fraction}${zoneHour}:${zoneMinute}`;
  const isDate = new Date(`${iso.slice(0, 10)}T00:00:00Z`).getUTCDate() === Number(day);
  return !isDate || Number.isNaN(Date.parse(iso)) ? undefined : iso;
}

/** A field behind the known ones. */
export interface Token {
  text: string;
  quoted: boolean;
}

/** The fields of a text: between quotes, between brackets, or between blanks. null: a quote or bracket is never closed. */
export function tokensOf(text: string): Token[] | null {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at]!)) {
      at++;
      continue;
    }
    TOKEN.lastIndex = at;
    const found = TOKEN.exec(text);
    if (!found) return null;
    const [whole, quoted, bracketed, plain] = found;
    tokens.push({
      text: quoted === undefined ? (bracketed ?? plain!) : unescaped(quoted),
      quoted: quoted !== undefined,
    });
    at += whole.length;
  }
  return tokens;
}

/** A text without the escapes that Apache and nginx write: \" \\ \t and \xE2\x82\xAC, the bytes of UTF-8. */
export function unescaped(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /((?:\\x[0-9A-Fa-f]{2})+)|\\(.)/gs,
    (whole, bytes: string | undefined, letter: string | undefined) => {
      if (bytes === undefined) return letter === 'x' ? whole : (ESCAPES[letter!] ?? letter!);
      const decoded = Buffer.from(bytes.replaceAll('\\x', ''), 'hex');
      const utf8 = decoded.toString();
      // Bytes of another encoding stay as they are written.
      return utf8.includes('\uFFFD') ? whole : utf8;
    },
  );
}
