/** What a line is without some kind of secret. Each takes time in proportion to the line: lines may hold long texts. */
const RULES: ((line: string) => string)[] = [
  // scheme://user:password@host. The scheme is looked for backwards from where it ends.
  (line) => line.replace(/:\/\/(?<=[a-z][a-z\d+.-]*:\/\/)[^\s"'/?#]*@/gi, '://***@'),
  withoutSecretMembers,
  (line) => line.replace(/([?&](?:key|token|access_token|api_?key|password)=)[^&\s"'\\]+/gi, '$1***'),
  (line) => line.replace(/\b(Bearer\s+)[\w.~+/=-]+/gi, '$1***'),
  withoutQuotedPayload,
];

/** Names of members whose values are secret contain one of these. */
const SECRET_NAME = /password|passwd|passphrase|secret|token|credential|authorization|cookie|api[_-]?key/i;

/** Whether a member of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return SECRET_NAME.test(name);
}

/** Replaces the texts of members that are named like secrets. */
function withoutSecretMembers(line: string): string {
  const start = /"([\w.-]+)":"/g;
  const end = /(?:[^"\\]|\\.)*"/sy;
  let redacted = '';
  let from = 0;
  for (let found; (found = start.exec(line));) {
    // The quote that begins the value may begin the next name, where the line is not JSON.
    end.lastIndex = start.lastIndex--;
    if (!SECRET_NAME.test(found[1]!) || !end.test(line)) continue;
    redacted += `${line.slice(from, start.lastIndex)}"***"`;
    from = start.lastIndex = end.lastIndex;
  }
  return redacted + line.slice(from);
}

/** Removes the text that JSON.parse could not read: V8 quotes it, and it is payload. */
function withoutQuotedPayload(line: string): string {
  const start = /, (?:\.{3})?\\"/g;
  const end = /\\"(?:\.{3})? is not valid JSON/g;
  let redacted = '';
  let from = 0;
  for (let found; (found = start.exec(line));) {
    end.lastIndex = start.lastIndex;
    if (!end.test(line)) break;
    redacted += `${line.slice(from, found.index)} in a text that is not valid JSON`;
    from = start.lastIndex = end.lastIndex;
  }
  return redacted + line.slice(from);
}

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
    for (const rule of RULES) text = rule(text);
    for (const secret of distinct) text = text.replaceAll(secret, '***');
    return text;
  };
}

/** The password in a URL; null if it has none. */
export function passwordOf(url: string): string | null {
  const password = URL.canParse(url) ? new URL(url).password : '';
  try {
    return password === '' ? null : decodeURIComponent(password);
  } catch {
    return password;
  }
}
