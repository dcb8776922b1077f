/** The members of the JSON object that a text is, each as it is written, without blanks between its parts. */
export function jsonTokens(text: string): Map<string, string> {
  const bare = withoutBlanks(text);
  const found = new Map<string, string>();
  for (let at = 1; at < bare.length - 1;) {
    const nameEnd = valueEnd(bare, at);
    const end = valueEnd(bare, nameEnd + 1);
    found.set(JSON.parse(bare.slice(at, nameEnd)) as string, bare.slice(nameEnd + 1, end));
    at = end + 1;
  }
  return found;
}

/** A JSON text without the blanks between its parts. */
export function withoutBlanks(text: string): string {
  return text.replace(/"(?:[^"\\]|\\.)*"|\s+/gs, (found) => (found.startsWith('"') ? found : ''));
}

function valueEnd(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') {
      while (text[++at] !== '"') if (text[at] === '\\') at++;
    } else if ('{['.includes(character)) depth++;
    else if ('}]'.includes(character) && --depth < 0) return at;
    else if (',:'.includes(character) && depth === 0) return at;
  }
  return text.length;
}
