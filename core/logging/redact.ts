/** Names of members whose values are secret. */
const NAME =
  '[\\w.-]*(?:password|passwd|passphrase|secret|token|credential|authorization|cookie|api[_-]?key)[\\w.-]*';

const RULES: [RegExp, string][] = [
  // scheme://user:password@host
  [/([a-z][a-z\d+.-]*:\/\/)[^\s"'/?#]*@/gi, '$1***@'],
  [new RegExp(`"(${NAME})":"(?:[^"\\\\]|\\\\.)*"`, 'gi'), '"$1":"***"'],
  [/([?&](?:key|token|access_token|api_?key|password)=)[^&\s"'\\]+/gi, '$1***'],
  [/\b(Bearer\s+)[\w.~+/=-]+/gi, '$1***'],
  // V8 quotes the text that JSON.parse could not read, which is payload.
  [/, (?:\.{3})?\\".*?\\"(?:\.{3})? is not valid JSON/g, ' in a text that is not valid JSON'],
];

/** Shorter secrets are not replaced: without the letter "a" a log would be unreadable. */
const SECRET_MIN = 4;

/** Removes from JSON lines: these secrets, values of members that are named like secrets, and payload quoted in errors. */
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

/** The password in a URL; null if it has none. */
export function passwordOf(url: string): string | null {
  const password = URL.canParse(url) ? new URL(url).password : '';
  return password === '' ? null : decodeURIComponent(password);
}
