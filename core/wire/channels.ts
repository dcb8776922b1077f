import type { ChannelConfig } from '../../schemas/types.ts';
import { schemas, validator } from '../../schemas/index.ts';
import { keys } from './keys.ts';
import { refusal } from '../problems/errors.ts';
import { limits } from './limits.ts';

/** The configuration of a channel, with the defaults filled in. */
export interface ChannelSpec {
  name: string;
  envelope: 'cloudevents' | 'none';
  /** How many events the log keeps; 0: the channel has no log. */
  logMax: number;
  /** Whether Redis keeps the latest event of each subject. */
  keepsState: boolean;
  /** A plain Redis key that also holds the latest data (`keys.latest`); '' for none. */
  latestKey: string;
  /** Path of the schema of the data, below schemas/; null: the data may be any object. */
  schema: string | null;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]*$/;

/** Whether this is a valid name of a channel. */
export function isChannelName(name: string): boolean {
  return NAME.test(name) && name.length <= limits.CHANNEL_NAME_MAX && !name.startsWith(keys.ownPrefix);
}

/** The specification of a channel, declared or not. @throws refusal `channel_name` if the name is not valid */
export function channelSpec(name: string, declared: { [name: string]: ChannelConfig } = {}): ChannelSpec {
  if (!isChannelName(name)) {
    throw refusal('channel_name', `"${name.slice(0, 140)}" is not a valid channel name.`, {
      hint: `Use at most ${limits.CHANNEL_NAME_MAX} letters, digits, dots, colons, dashes and underscores, and begin with a letter or digit; ${keys.ownPrefix}* is reserved.`,
    });
  }
  const config = Object.hasOwn(declared, name) ? declared[name]! : {};
  const schema = `channels/${config.schema ?? name}`;
  return {
    name,
    envelope: config.envelope ?? 'cloudevents',
    logMax: config.log ?? limits.LOG_MAX,
    keepsState: config.state ?? true,
    latestKey: config.latestKey ?? '',
    schema: schemas.has(schema) ? schema : null,
  };
}

/** Whether a channel matches one of these patterns: names in which `*` stands for any characters. */
export function channelMatcher(patterns: readonly string[]): (channel: string) => boolean {
  const names = patterns.map((each) => each.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*+/g, '.*'));
  const pattern = new RegExp(`^(?:${names.join('|')})$`, 's');
  return (channel) => patterns.length > 0 && pattern.test(channel);
}

/** Validates the data of a channel; null: the channel has no schema, so any object is valid. */
export function dataValidator(spec: ChannelSpec) {
  return spec.schema === null ? null : validator<{ [member: string]: unknown }>(spec.schema);
}
