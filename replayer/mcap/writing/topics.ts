import type { AnySchemaObject } from 'ajv/dist/2020.js';
import { channelSpec } from '../../../core/wire/channels.ts';
import type { Block } from '../../../core/wire/block.ts';
import { refusal } from '../../../core/problems/errors.ts';
import { schemas } from '../../../schemas/index.ts';
import type { Config } from '../../../schemas/types.ts';
import { bareChannel } from '../format/bare-data.ts';
import type { McapWriter, NewSchema } from './writer.ts';

/** Subjects of a topic beyond this number share one channel, because each channel takes room in every index. */
const SUBJECTS_MAX = 10_000;
const ANY_OBJECT: AnySchemaObject = { type: 'object' };

/** The JSON Schema of a channel's data, without an id: a reader may compile several that it finds in files. */
export function dataSchema(channel: string, declared?: Config['channels']): AnySchemaObject {
  const { schema } = channelSpec(channel, declared);
  const { $id: _, ...own } = (schema === null ? null : schemas.get(schema)) ?? ANY_OBJECT;
  return own;
}

/** The schema of a channel's data, to embed into a file. */
export function embeddedSchema(channel: string, declared?: Config['channels']): NewSchema {
  return asEmbedded(channel, dataSchema(channel, declared));
}

/** A JSON Schema as MCAP embeds it. */
export function asEmbedded(name: string, schema: AnySchemaObject): NewSchema {
  return { name, encoding: 'jsonschema', data: Buffer.from(JSON.stringify(schema)) };
}

/** What a topic's channels say of themselves. */
export interface TopicOptions {
  topic: string;
  schema: NewSchema | null;
  /** The member of the data that names the subject; null for none. */
  subjectColumn: string | null;
  /** Added to the times that are written, ms (format/shifted-times.ts). */
  shiftMs?: number;
}

/** Writes the records of one topic, to one MCAP channel for each subject. */
export class TopicWriter {
  readonly #writer: McapWriter;
  readonly #options: TopicOptions;
  readonly #ids = new Map<string, number>();
  #shared: number | null = null;
  readonly #bareIds = new Map<string, number>();
  /** Channel ids of the subjects in the list of names that came last, by their index. */
  #known: { names: readonly string[]; ids: number[] } = { names: [], ids: [] };

  constructor(writer: McapWriter, options: TopicOptions) {
    this.#writer = writer;
    this.#options = options;
  }

  get channel(): string {
    return this.#options.topic;
  }

  /** Adds a row. MCAP must be able to hold its time with the shift (`canHold`). */
  add(block: Block, row: number): void {
    const timeMs = block.timesMs[row]! + (this.#options.shiftMs ?? 0);
    if (this.#known.names !== block.names) this.#known = { names: block.names, ids: [] };
    const bare = block.bareOf(row);
    if (bare) {
      this.#writer.add(this.#bareId(bare), timeMs, bare, 0, bare.length);
      return;
    }
    const { ids } = this.#known;
    const subject = block.subjects[row]!;
    const id = (ids[subject] ??= this.#idOf(block.names[subject]!));
    this.#writer.add(id, timeMs, block.data, block.starts[row]!, block.ends[row]!);
  }

  /** The channel of messages that are published bare: one for each encoding. */
  #bareId(message: Buffer): number {
    const { encoding, metadata } = bareChannel(message);
    const key = `${encoding} ${metadata.size}`;
    let id = this.#bareIds.get(key);
    if (id === undefined) {
      const { topic } = this.#options;
      id = this.#writer.addChannel({ topic, metadata, encoding, schema: null });
      this.#bareIds.set(key, id);
    }
    return id;
  }

  #idOf(subject: string): number {
    let id = this.#ids.get(subject);
    if (id !== undefined) return id;
    const { topic, schema, subjectColumn } = this.#options;
    if (subjectColumn !== null && this.#ids.size >= SUBJECTS_MAX) {
      const metadata = new Map([['subjectColumn', subjectColumn]]);
      return (this.#shared ??= this.#writer.addChannel({ topic, schema, metadata }));
    }
    if (!this.#writer.hasRoomForChannel) {
      throw refusal(
        'subjects_many',
        `"${topic}" has more than 65,535 subjects, and MCAP has no room for more.`,
        {
          hint: 'Name the column of the subjects with --subject.',
        },
      );
    }
    id = this.#writer.addChannel({ topic, schema, metadata: new Map([['subject', subject]]) });
    this.#ids.set(subject, id);
    return id;
  }
}
