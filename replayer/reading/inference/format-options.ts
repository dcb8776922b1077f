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
  const texts = textMembersOf(schema).map((member) => renamed.get(member) ?? member);
  return {
    ...layout,
    rename: rename.value,
    text: [...new Set([...(layout.text ?? []), ...texts])],
    ...(subject.value !== null && { subject: subject.value }),
  };
}

/** The members of a channel's schema that are text and nothing else. */
function textMembersOf(schema: string | null): string[] {
  const properties: unknown = schema === null ? undefined : schemas.get(schema)?.['properties'];
  return Object.entries((properties ?? {}) as { [name: string]: { type?: unknown } })
    .filter(([, { type }]) => type === 'string')
    .map(([name]) => name);
}
