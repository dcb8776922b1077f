import type { Input, Row } from '../format.ts';
import { Elements, type ElementHandler } from './elements.ts';
import type { XmlRows } from './xml-row-list.ts';

/** A handler that gets the open elements with each call. */
export type XmlReader = (elements: Elements) => ElementHandler;

/** The rows that a handler makes of the elements of a file, in chunks. A file that ends before its elements do is a bad row. */
export async function* xmlRows(input: Input, rows: XmlRows, reader: XmlReader): AsyncGenerator<Row[]> {
  const elements = new Elements(reader);
  for await (const piece of input.text()) {
    elements.push(piece);
    const chunk = rows.take();
    if (chunk.length > 0) yield chunk;
  }
  if (elements.end())
    rows.endOnly(elements.line, 'The file ends before its elements are closed: it was cut off.');
  rows.end();
  const chunk = rows.take();
  if (chunk.length > 0) yield chunk;
}
