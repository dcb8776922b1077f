/** The namespace of the elements that GPX and KML do not have. */
export const NAMESPACE = 'reprise:/event';

const ESCAPES: { [character: string]: string } = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };
// eslint-disable-next-line no-control-regex -- that is what it looks for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff\p{Cs}]/gu;

/** JSON as the text of an element. What XML can't hold, JSON writes as an escape. */
export function jsonInXml(json: string): string {
  return escaped(
    json.replace(FORBIDDEN, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

/** A name for people: what XML can't hold becomes U+FFFD. */
export function nameInXml(name: string): string {
  return escaped(name.replace(FORBIDDEN, '\ufffd'));
}

/** A JSON number as XML writes it (xsd:decimal), which knows no powers of ten. */
export function decimalInXml(number: string): string {
  return /e/i.test(number) ? Number(number).toFixed(12) : number;
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (character) => ESCAPES[character]!);
}
