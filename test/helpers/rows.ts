import { formatOf } from '../../replayer/reading/formats.ts';
import type { FormatOptions, Row } from '../../replayer/formats/support/format.ts';
import { textInput } from './input.ts';

/** The rows of a text as the format reads it that its name and its beginning tell. */
export async function rowsOf(
  name: string,
  text: string,
  options: Partial<FormatOptions> = {},
  pieces: string[] = [text],
): Promise<Row[]> {
  async function* source() {
    yield* pieces;
  }
  const rows: Row[] = [];
  const format = formatOf(name, text);
  for await (const chunk of format.rows(textInput(source), { rename: new Map(), ...options }))
    rows.push(...chunk);
  return rows;
}
