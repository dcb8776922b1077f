import type { ChannelSpec } from '../../../../core/wire/channels.ts';
import { firstEpoch, type Position } from '../../../../core/wire/event.ts';
import { readHead } from '../../../../core/redis/channel-store.ts';
import type { Redis } from '../../../../core/redis/connection.ts';
import { MAIN_OUTPUT } from '../../engine/service.ts';
import { markEnded } from '../channel-progress.ts';
import type { OutputBatch } from '../checkpoint.ts';
import type { Peer, Peers } from '../peers.ts';

/** Where the output channels of a service stand, as far as this process knows, and where its next events go. */
export class OutputPositions {
  /** The channel of the main output. */
  readonly main: ChannelSpec;
  readonly #redis: Redis;
  readonly #specs: ReadonlyMap<string, ChannelSpec>;
  readonly #peerReader: Peers | null;
  readonly #heads = new Map<string, Position>();
  #peers: Peer[] = [];

  /** @param specs by name of the output @param peers the other partitions of the service; null if there are none */
  constructor(redis: Redis, specs: ReadonlyMap<string, ChannelSpec>, peers: Peers | null) {
    this.#redis = redis;
    this.#specs = specs;
    this.#peerReader = peers;
    this.main = specs.get(MAIN_OUTPUT)!;
  }

  /** Reads the heads of all outputs, and the state of the other partitions. */
  async load(): Promise<void> {
    for (const { name } of this.#specs.values()) this.#heads.set(name, await readHead(this.#redis, name));
    await this.#readPeers();
  }

  /** Redis has told that a head is elsewhere. */
  async correct(channel: string, head: Position): Promise<void> {
    const isSameEpoch = this.#heads.get(channel)?.epoch === head.epoch;
    this.#heads.set(channel, head);
    // The partition that opened the new epoch has committed in it.
    if (!isSameEpoch) await this.#readPeers();
  }

  /** These batches are in Redis. */
  settle(batches: OutputBatch[]): void {
    for (const { spec, from, records } of batches)
      this.#heads.set(spec.name, { epoch: from.epoch, offset: from.offset + records.length });
  }

  /** The head of a channel. A route may lead to a channel that is not known yet: the commit will correct its head. */
  head(channel: string): Position {
    return this.#heads.get(channel) ?? { epoch: 0, offset: 0 };
  }

  /**
   * The position that the next events of a channel follow.
   * @param epoch the epoch of the input
   * @param isFirst whether this is the first commit of that epoch
   */
  start(spec: ChannelSpec, epoch: number, isFirst: boolean): Position {
    const head = this.head(spec.name);
    return spec === this.main ? this.#mainStart(head, epoch, isFirst) : sharedStart(head, epoch);
  }

  /** Whether another partition has begun a newer epoch: what is derived in this one is void then. */
  isOvertaken(epoch: number): boolean {
    return this.#peers.some((peer) => peer.epoch > epoch);
  }

  /** The channel of the main output, and its epoch after these batches. */
  mainEpoch(batches: OutputBatch[]): { channel: string; epoch: number } {
    const { name } = this.main;
    const batch = batches.find(({ spec }) => spec.name === name);
    return { channel: name, epoch: batch?.from.epoch ?? this.#heads.get(name)!.epoch };
  }

  /** Tells readers of the main output that its current epoch has ended. */
  async markEnded(): Promise<void> {
    await markEnded(this.#redis, this.main.name, this.#heads.get(this.main.name)!.epoch);
  }

  async #readPeers(): Promise<void> {
    this.#peers = (await this.#peerReader?.read()) ?? [];
  }

  /** The epoch of the main output rises with that of the input. */
  #mainStart(head: Position, epoch: number, isFirst: boolean): Position {
    // The first partition that comes to an epoch opens it for all.
    const isOpen = !isFirst || this.#peers.some((peer) => peer.epoch === epoch);
    if (isOpen && head.epoch > 0) return head;
    // A service that starts again voids what it has derived before.
    return sharedStart(head, head.epoch === 0 ? epoch : Math.max(head.epoch + 1, epoch));
  }
}

/** The same for a channel that other services may write as well. */
function sharedStart(head: Position, epoch: number): Position {
  if (head.epoch > 0 && head.epoch >= epoch) return head;
  return { epoch: epoch || firstEpoch(Date.now()), offset: 0 };
}
