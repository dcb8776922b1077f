import type { AnySchemaObject, ValidateFunction } from 'ajv/dist/2020.js';
import { ajv, schemas } from '../../schemas/index.ts';
import type { Config } from '../../schemas/types.ts';
import { asEmbedded, dataSchema } from '../mcap/writing/topics.ts';
import type { WireMessage } from './wire-message.ts';
import type { NewSchema } from '../mcap/writing/writer.ts';

/** What holds for every event that a recorder hears, also for those of other programs. */
const ANY_EVENT: AnySchemaObject = {
  title: 'CloudEvent',
  type: 'object',
  required: ['specversion', 'data'],
  properties: { data: { type: 'object' } },
};

/**
 * The schemas of the events on the channels of a recording. Each message is valid against the schema that is embedded for it:
 * mostly that of Reprise's events, with the data of the channel; for any other event, what holds for all events.
 */
export class EventSchemas {
  readonly #declared: Config['channels'];
  readonly #channels = new Map<string, { validate: ValidateFunction; strict: NewSchema; any: NewSchema }>();

  constructor(declared: Config['channels']) {
    this.#declared = declared;
  }

  /** The schema to embed for a message that is an event. */
  of({ channel, bytes, value }: WireMessage): NewSchema {
    let known = this.#channels.get(channel);
    if (!known) this.#channels.set(channel, (known = this.#made(channel)));
    return known.validate(value ?? JSON.parse(bytes.toString())) ? known.strict : known.any;
  }

  #made(channel: string) {
    const schema = eventSchema(this.#dataOf(channel));
    const any = asEmbedded(channel, ANY_EVENT);
    try {
      return { validate: ajv.compile(schema), strict: asEmbedded(channel, schema), any };
    } catch {
      // The schema of a plugin may refer to itself in ways that do not hold within another schema.
      const loose = eventSchema({ type: 'object' });
      return { validate: ajv.compile(loose), strict: asEmbedded(channel, loose), any };
    }
  }

  /** The schema of the channel's data. Patterns match any Redis channel, also those whose names are not valid here. */
  #dataOf(channel: string): AnySchemaObject {
    try {
      return dataSchema(channel, this.#declared);
    } catch {
      return { type: 'object' };
    }
  }
}

/** The schema of events with these data. Definitions move to its top, where references to them lead. */
function eventSchema({ $schema: _, $defs, ...data }: AnySchemaObject): AnySchemaObject {
  const { $id: _id, ...event } = schemas.get('event')!;
  const properties = { ...(event['properties'] as object), data };
  return { ...event, properties, ...($defs !== undefined && { $defs: $defs as object }) };
}
