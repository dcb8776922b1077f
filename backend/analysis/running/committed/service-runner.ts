import type { Position } from '../../../../core/wire/event.ts';
import { Engine } from '../../engine/engine.ts';
import { Committer } from './committer.ts';
import { CommittedRun } from './committed-run.ts';
import { EventGuard, NO_BUDGET } from '../event-guard.ts';
import { Handover } from '../handover.ts';
import { LEASE_RENEWAL_MS, runWithLease } from '../lease-loop.ts';
import { Outputs } from '../outputs/outputs.ts';
import { ownsKey, partitionName } from '../partition.ts';
import { Peers } from '../peers.ts';
import type { RunnerParts } from '../runner-parts.ts';
import { ServiceLease } from '../service-lease.ts';
import { TelemetrySender } from '../telemetry-sender.ts';

/**
 * Runs one service from its checkpoint. If several processes run the same service, one has its lease and the others stand
 * by. Should two run it at the same time, the commits of one are refused, and it starts over from the last commit.
 */
export class ServiceRunner {
  /** Name of the partition that is run; the name of the service if it is not partitioned. */
  readonly name: string;
  readonly #parts: RunnerParts;
  readonly #handover: Handover;
  readonly #lease: ServiceLease;
  readonly #peers: Peers;
  readonly #guard: EventGuard;
  readonly #engine: Engine;
  readonly #outputs: Outputs;
  readonly #committer: Committer;
  readonly #telemetry: TelemetrySender;
  /** null while it stands by. */
  #run: CommittedRun | null = null;
  #lost = 0;
  #closed = false;

  constructor(parts: RunnerParts) {
    const { redis, name: service, input, partition, handover = new Handover(), budget = NO_BUDGET } = parts;
    this.#parts = parts;
    this.name = partitionName(service, partition);
    this.#handover = handover;
    this.#lease = new ServiceLease(redis, this.name, { takesOverAtOnce: true });
    this.#peers = new Peers({ ...parts, service });
    this.#guard = new EventGuard({ ...budget, service, name: this.name, channel: input });
    this.#engine = new Engine(parts.service, {
      variant: parts.variant,
      ...(partition && { owns: (key: string) => ownsKey(partition, key) }),
      logLevel: parts.log.level,
      outputNames: new Set(parts.outputs.keys()),
      guard: this.#guard,
    });
    this.#outputs = new Outputs({
      redis,
      service,
      specs: parts.outputs,
      specOf: parts.specOf,
      enters: parts.enters,
      partition,
      peers: partition && this.#peers,
      isRead: (channel) => handover.isRead(channel),
    });
    this.#telemetry = new TelemetrySender({ ...parts, service });
    this.#committer = new Committer({
      redis,
      service,
      name: this.name,
      input,
      outputs: this.#outputs,
      retryPolicy: parts.retryPolicy,
      handover,
      telemetry: this.#telemetry,
      guard: this.#guard,
    });
  }

  /** Number of input events that had left the log before they were read. */
  get lost(): number {
    return this.#lost;
  }

  /** How far it has read; null while it stands by. */
  get position(): Position | null {
    return this.#run?.position ?? null;
  }

  /** Runs until it is closed. @throws errors of the service, and problems with Redis that will not pass */
  async run(): Promise<void> {
    try {
      await runWithLease({
        name: this.name,
        lease: this.#lease,
        log: this.#parts.log,
        isClosed: () => this.#closed,
        acquire: () => this.#acquire(),
        runOnce: () => this.#runOnce(),
        startingOver: 'starting over from the last commit',
      });
    } finally {
      this.#guard.close();
      await this.#telemetry.close();
    }
  }

  /** Ends the run; another process can continue from the last commit. */
  close(): void {
    this.#closed = true;
    this.#committer.close();
    this.#run?.close();
  }

  async #acquire(): Promise<boolean> {
    if (!(await this.#lease.acquire())) return false;
    if (!(await this.#peers.hasOtherPartitioning())) return true;
    await this.#lease.release();
    return false;
  }

  /** Returns when it is closed, has lost the lease, or finds Redis in another state than believed. */
  async #runOnce(): Promise<void> {
    const renewals = setInterval(() => void this.#renew().catch(() => {}), LEASE_RENEWAL_MS);
    try {
      const run = new CommittedRun({
        ...this.#parts,
        name: this.name,
        engine: this.#engine,
        outputs: this.#outputs,
        committer: this.#committer,
        guard: this.#guard,
        peers: this.#peers,
        handover: this.#handover,
        isClosed: () => this.#closed,
        onLost: (lost) => (this.#lost += lost),
      });
      this.#run = run;
      await run.follow();
      if (!this.#closed) this.#parts.log.warn({ service: this.name }, 'starting over from the last commit');
    } finally {
      clearInterval(renewals);
      this.#run?.close();
      this.#committer.stop();
      this.#run = null;
    }
  }

  async #renew(): Promise<void> {
    if (await this.#lease.acquire()) await this.#committer.renewAttachment();
    else this.#run?.close();
  }
}
