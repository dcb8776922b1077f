import { channelMatcher } from '../../../../core/wire/channels.ts';
import { refusal } from '../../../../core/problems/errors.ts';

/**
 * Which channels a route concerns, so that keys that are limited to some channels get no further. none: no channel. all: any
 * channel, so it is for keys without such a limit. read, write: this one; `{channel}` stands for the parameter of the path.
 * shows: it answers an item, or a list of items, and this returns the channels that an item names (null: any); others are
 * left out. own: the handler asks the rights of the caller.
 */
export type ChannelUse =
  | 'none'
  | 'all'
  | 'own'
  | { read: string }
  | { write: string }
  | { shows: (item: never) => readonly string[] | null };

/** The channels that a key may read, and those that it may write. Its scope decides what else it may do with them. */
export class ChannelRights {
  readonly #name: string;
  readonly #readable: readonly string[] | undefined;
  readonly #writable: readonly string[] | undefined;
  readonly #reads: (channel: string) => boolean;
  readonly #writes: (channel: string) => boolean;

  /** `name`: the name of the key; patterns that are absent don't limit it. A channel that may be written may be read, too, only if `channels` says so. */
  constructor(name: string, channels?: readonly string[], writes?: readonly string[]) {
    this.#name = name;
    this.#readable = channels;
    this.#writable = writes;
    this.#reads = channels ? channelMatcher(channels) : () => true;
    this.#writes = writes ? channelMatcher(writes) : () => true;
  }

  /** Whether the key may read only some channels. */
  get isLimited(): boolean {
    return this.#readable !== undefined;
  }

  /** The lists of patterns of which a channel must match one each to be written; none: every channel may. */
  get writeLimits(): (readonly string[])[] {
    return [this.#readable, this.#writable].filter((each) => each !== undefined);
  }

  mayRead(channel: string): boolean {
    return this.#reads(channel);
  }

  mayWrite(channel: string): boolean {
    return this.#reads(channel) && this.#writes(channel);
  }

  /** @throws refusal `channel_refused` */
  requireRead(...channels: readonly string[]): void {
    const other = channels.find((each) => !this.mayRead(each));
    if (other !== undefined) throw this.#refused(`read "${other.slice(0, 140)}"`, this.#readable);
  }

  /** @throws refusal `channel_refused` */
  requireWrite(...channels: readonly string[]): void {
    const other = channels.find((each) => !this.mayWrite(each));
    if (other === undefined) return;
    throw this.#refused(
      `write "${other.slice(0, 140)}"`,
      this.mayRead(other) ? this.#writable : this.#readable,
    );
  }

  /** For what concerns every channel. @throws refusal `channel_refused` */
  requireAll({ toWrite }: { toWrite: boolean }): void {
    const limit = this.#readable ?? (toWrite ? this.#writable : undefined);
    if (limit !== undefined) throw this.#refused('do this, which concerns all channels', limit);
  }

  /** Whether an item that names these channels may be shown; null: it may be about any channel. */
  mayBeShown(channels: readonly string[] | null): boolean {
    return channels === null ? !this.isLimited : channels.every((each) => this.mayRead(each));
  }

  #refused(what: string, limit: readonly string[] | undefined): Error {
    return refusal('channel_refused', `The key "${this.#name}" may not ${what}.`, {
      hint: `It is limited to the channels ${(limit ?? []).join(', ')}.`,
    });
  }
}

/** Refuses what the rights of a caller do not allow before a handler runs. @throws refusal `channel_refused` */
export function requireChannels(
  rights: ChannelRights,
  use: ChannelUse,
  { params, toWrite }: { params: { [name: string]: string }; toWrite: boolean },
): void {
  const named = (channel: string) => (channel === '{channel}' ? (params['channel'] ?? '') : channel);
  if (use === 'all') rights.requireAll({ toWrite });
  else if (typeof use === 'string') return;
  else if ('read' in use) rights.requireRead(named(use.read));
  else if ('write' in use) rights.requireWrite(named(use.write));
}

/** An answer without the items that a caller may not see. @throws refusal `channel_refused` if it is a single one */
export function shownTo(rights: ChannelRights, use: ChannelUse, answer: unknown): unknown {
  if (typeof use === 'string' || !('shows' in use) || !rights.isLimited) return answer;
  const channelsOf = use.shows as (item: unknown) => readonly string[] | null;
  const list = (answer as { items?: unknown[] } | null)?.items;
  if (Array.isArray(list)) {
    const items = list.filter((item) => rights.mayBeShown(channelsOf(item)));
    return { ...(answer as object), items };
  }
  const channels = channelsOf(answer);
  if (channels === null) rights.requireAll({ toWrite: false });
  else rights.requireRead(...channels);
  return answer;
}
