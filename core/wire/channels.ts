import type { ChannelConfig } from '../../schemas/types.ts';
import { schemas, validator } from '../../schemas/index.ts';
import { keys } from './keys.ts';
import { refusal } from '../problems/errors.ts';
import { limits } from './limits.ts';

/** A channel as it is written: its configuration with the defaults filled in. */
export interface ChannelSpec {
  name: string;
  envelope: 'cloudevents' | 'none';
  /** Events the log keeps; 0: no log. */
  logMax: number;
  keepsState: boolean;
  /** A plain key that also holds the latest data; '' if none. */
  latestKey: string;
  /** Path of the schema of its data under schemas/, or null where any object will do. */
  schema: string | null;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]*$/;

/** Whether a channel can be called so. */
export function isChannelName(name: string): boolean {
  return NAME.test(name) && name.length <= limits.CHANNEL_NAME_MAX && !name.startsWith(keys.ownPrefix);
}

/** The specification of a channel, declared or not. @throws refusal when it can't be a channel's name */
export function channelSpec(name: string, declared: { [name: string]: ChannelConfig } = {}): ChannelSpec {
  if (!isChannelName(name)) {
    throw refusal('channel_name', `"${name.slice(0, 140)}" can't be a channel's name.`, {
      hint: `Use letters, digits, dot, colon, dash and underscore, ${limits.CHANNEL_NAME_MAX} at most; ${keys.ownPrefix}* is taken.`,
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

/** The check of a channel's data; channels without a schema take any object. */
export function dataValidator(spec: ChannelSpec) {
  return spec.schema === null ? null : validator<{ [member: string]: unknown }>(spec.schema);
}
