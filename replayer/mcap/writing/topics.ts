import { channelSpec } from '../../../core/wire/channels.ts';
import type { Block } from '../../../core/wire/block.ts';
import { refusal } from '../../../core/problems/errors.ts';
import { schemas } from '../../../schemas/index.ts';
import type { Config } from '../../../schemas/types.ts';
import type { McapWriter, NewSchema } from './writer.ts';

/** Beyond so many subjects of one topic, further ones share a channel: each costs its place in every index. */
const SUBJECTS_MAX = 10_000;
const ANY_OBJECT = '{"type":"object"}';

/** The schema that a channel's data follow, to embed. */
export function embeddedSchema(channel: string, declared?: Config['channels']): NewSchema {
  const { schema } = channelSpec(channel, declared);
  const text = schema === null ? ANY_OBJECT : JSON.stringify(schemas.get(schema));
  return { name: channel, encoding: 'jsonschema', data: Buffer.from(text) };
}

export interface TopicOptions {
  topic: string;
  schema: NewSchema | null;
  /** The member of the data that names the subject; null where none does. */
  subjectColumn: string | null;
}

/** Writes the records of one topic: one MCAP channel for each subject. */
export class TopicWriter {
  readonly #writer: McapWriter;
  readonly #options: TopicOptions;
  readonly #ids = new Map<string, number>();
  #shared: number | null = null;
  /** For a list of names: the channel of each. */
  #known: { names: readonly string[]; ids: number[] } = { names: [], ids: [] };

  constructor(writer: McapWriter, options: TopicOptions) {
    this.#writer = writer;
    this.#options = options;
  }

  /** Adds a row; its time must be one that MCAP can hold. */
  add(block: Block, row: number): void {
    if (this.#known.names !== block.names) this.#known = { names: block.names, ids: [] };
    const { ids } = this.#known;
    const subject = block.subjects[row]!;
    const id = (ids[subject] ??= this.#idOf(block.names[subject]!));
    this.#writer.add(id, block.timesMs[row]!, block.data, block.starts[row]!, block.ends[row]!);
  }

  #idOf(subject: string): number {
    let id = this.#ids.get(subject);
    if (id !== undefined) return id;
    const { topic, schema, subjectColumn } = this.#options;
    if (subjectColumn !== null && this.#ids.size >= SUBJECTS_MAX) {
      const metadata = new Map([['subjectColumn', subjectColumn]]);
      return (this.#shared ??= this.#writer.addChannel({ topic, schema, metadata }));
    }
    if (!this.#writer.canName) {
      throw refusal('subjects_many', `MCAP has no room for more than 65,535 subjects; "${topic}" has them.`, {
        hint: 'Name the column of the subjects with --subject.',
      });
    }
    id = this.#writer.addChannel({ topic, schema, metadata: new Map([['subject', subject]]) });
    this.#ids.set(subject, id);
    return id;
  }
}
