/**
 * The subjects of a recording, each on its channel: subject `i` is `names[i]` on `channels[channelOf[i]]`. The lists grow as
 * rows are read, and all blocks of the recording share them: a row's subject also tells its channel. So blocks of several
 * channels take no more room, and no more work, than those of one.
 */
export class Subjects {
  readonly names: string[] = [];
  readonly channels: string[] = [];
  readonly channelOf: number[] = [];
  /** For each channel, the places of its subjects in `names`. */
  readonly #places: Map<string, number>[] = [];

  /** The index of a channel in `channels`, where it is added if it is new. */
  channel(name: string): number {
    const index = this.channels.indexOf(name);
    if (index !== -1) return index;
    this.#places.push(new Map());
    return this.channels.push(name) - 1;
  }

  /** The index of a subject of the channel with this index, where it is added if it is new. */
  subject(channel: number, name: string): number {
    const places = this.#places[channel]!;
    let index = places.get(name);
    if (index === undefined) {
      index = this.names.push(name) - 1;
      this.channelOf.push(channel);
      places.set(name, index);
    }
    return index;
  }
}
