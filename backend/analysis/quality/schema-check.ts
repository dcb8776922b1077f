import { channelSpec, dataValidator } from '../../../core/wire/channels.ts';
import type { CloudEvent } from '../../../core/wire/event.ts';
import { explain } from '../../../schemas/index.ts';

/** How a datum violates its schema. */
export interface Violation {
  /** The member and the keyword of the schema that it violates: `latitude required`. */
  what: string;
  /** The same as a sentence. */
  reason: string;
}

/** Checks data against the schema of their channel. */
export class SchemaCheck {
  readonly #schema: string | undefined;
  readonly #validators = new Map<string, ReturnType<typeof dataValidator>>();

  /**
   * @param schema name of a schema under schemas/channels/; undefined for the one of the channel's name, if there is one
   * @throws Error if there is no such schema
   */
  constructor(schema: string | undefined) {
    this.#schema = schema;
    if (schema !== undefined && this.#validator('any') === null)
      throw new Error(`there is no schema "${schema}" under schemas/channels/`);
  }

  /** Null if the data of an event are valid, or there is no schema for them. */
  violation({ type, data }: Pick<CloudEvent, 'type' | 'data'>): Violation | null {
    const validator = this.#validator(type);
    if (!validator || validator(data)) return null;
    const [error] = validator.errors ?? [];
    const missing = (error?.params as { missingProperty?: string } | undefined)?.missingProperty;
    const member = missing ?? error?.instancePath.slice(1).replaceAll('/', '.');
    return {
      what: `${member} ${error?.keyword}`.trim(),
      reason: `The data do not match the schema of channel "${type}": ${explain(validator.errors, data)}.`,
    };
  }

  #validator(channel: string): ReturnType<typeof dataValidator> {
    let validator = this.#validators.get(channel);
    if (validator === undefined) {
      const channels = this.#schema === undefined ? {} : { [channel]: { schema: this.#schema } };
      validator = dataValidator(channelSpec(channel, channels));
      this.#validators.set(channel, validator);
    }
    return validator;
  }
}
