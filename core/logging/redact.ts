/** A name that says that what it names is to be kept secret. */
const NAME =
  '[\\w.-]*(?:password|passwd|passphrase|secret|token|credential|authorization|cookie|api[_-]?key)[\\w.-]*';

const RULES: [RegExp, string][] = [
  // scheme://user:password@host
  [/([a-z][a-z\d+.-]*:\/\/)[^\s"'/?#]*@/gi, '$1***@'],
  [new RegExp(`"(${NAME})":"(?:[^"\\\\]|\\\\.)*"`, 'gi'), '"$1":"***"'],
  [/([?&](?:key|token|access_token|api_?key|password)=)[^&\s"'\\]+/gi, '$1***'],
  [/\b(Bearer\s+)[\w.~+/=-]+/gi, '$1***'],
  // V8 quotes the text that JSON.parse could not read: that is payload.
  [/, (?:\.{3})?\\".*?\\"(?:\.{3})? is not valid JSON/g, ' in a text that is not valid JSON'],
];

/** Shorter ones are words, too: a log without the letter "a" would tell nothing. */
const SECRET_MIN = 4;

/** Takes out of lines of JSON what nobody may read there: these secrets, whatever is named like one, and payload quoted in errors. */
export function redactor(secrets: (string | null | undefined)[]): (line: string) => string {
  const known = secrets
    .filter((secret) => typeof secret === 'string')
    .filter((secret) => secret.length >= SECRET_MIN)
    .flatMap((secret) => [JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]);
  const distinct = [...new Set(known)].sort((a, b) => b.length - a.length);
  return (line) => {
    let text = line;
    for (const [pattern, replacement] of RULES) text = text.replace(pattern, replacement);
    for (const secret of distinct) text = text.replaceAll(secret, '***');
    return text;
  };
}

/** The password in a URL; null where there is none. */
export function passwordOf(url: string): string | null {
  const password = URL.canParse(url) ? new URL(url).password : '';
  return password === '' ? null : decodeURIComponent(password);
}
