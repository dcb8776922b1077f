import { schemas } from '../../../schemas/index.ts';
import type { FormatOptions } from '../../formats/support/format.ts';
import type { Interpretation } from './inference.ts';

/** The options that the format reads with: as it was sniffed, and what the interpretation adds. */
export function formatOptions(
  layout: FormatOptions,
  { rename, subject }: Interpretation,
  schema: string | null,
): FormatOptions {
  const renamed = new Map(Array.from(rename.value, ([from, to]) => [to, from]));
  const columnsOf = (type: string) => membersOf(schema, type).map((member) => renamed.get(member) ?? member);
  // A number of the channel stays one, although some cell of its column is not: that row is refused with its reason.
  const numbers = new Set(columnsOf('number'));
  const texts = (layout.text ?? []).filter((column) => !numbers.has(column));
  return {
    ...layout,
    rename: rename.value,
    text: [...new Set([...texts, ...columnsOf('string')])],
    ...(subject.value !== null && { subject: subject.value }),
  };
}

/** The members of a channel's schema that have this type and no other. */
function membersOf(schema: string | null, of: string): string[] {
  const properties: unknown = schema === null ? undefined : schemas.get(schema)?.['properties'];
  return Object.entries((properties ?? {}) as { [name: string]: { type?: unknown } })
    .filter(([, { type }]) => type === of)
    .map(([name]) => name);
}
