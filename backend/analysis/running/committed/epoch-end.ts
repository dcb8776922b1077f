import type { Outputs } from '../outputs/outputs.ts';
import type { Peers } from '../peers.ts';

/** Which epochs of the input have ended, and whether the readers of the output know. */
export class EpochEnd {
  readonly #peers: Peers;
  readonly #outputs: Outputs;
  #endedEpoch: number;
  #announcedEpoch = 0;

  /** @param endedEpoch the last epoch whose end is committed; 0 if there is none */
  constructor(peers: Peers, outputs: Outputs, endedEpoch: number) {
    this.#peers = peers;
    this.#outputs = outputs;
    this.#endedEpoch = endedEpoch;
  }

  /** Whether this process has brought an epoch to its end. */
  isEnded(epoch: number): boolean {
    return this.#endedEpoch === epoch;
  }

  /** Whether the readers of the output know that an epoch has ended. */
  isAnnounced(epoch: number): boolean {
    return this.#announcedEpoch === epoch;
  }

  /** This process has brought an epoch to its end. */
  end(epoch: number): void {
    this.#endedEpoch = epoch;
  }

  /** Tells the readers of the output, once all partitions have brought the epoch to its end. */
  async announce(epoch: number): Promise<void> {
    const peers = await this.#peers.read();
    const allEnded = peers.every(
      (peer) => !peer.isAttached || peer.epoch > epoch || peer.endedEpoch >= epoch,
    );
    if (!allEnded) return;
    await this.#outputs.markEnded();
    this.#announcedEpoch = epoch;
  }
}
