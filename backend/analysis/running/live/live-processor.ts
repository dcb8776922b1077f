import { randomUUID } from 'node:crypto';
import type { CloudEvent, Position } from '../../../../core/wire/event.ts';
import { Engine } from '../../engine/engine.ts';
import { readProgress } from '../channel-progress.ts';
import { commit, readCheckpoint } from '../checkpoint.ts';
import { EventGuard, NO_BUDGET } from '../event-guard.ts';
import { advanceWhileIdle } from '../idle-time.ts';
import { LiveOutputs } from './live-outputs.ts';
import { Outputs } from '../outputs/outputs.ts';
import { parseEvent } from '../parse-event.ts';
import type { RunnerParts } from '../runner-parts.ts';
import { TelemetrySender } from '../telemetry-sender.ts';
import { buryUnfinished } from './unfinished-events.ts';

/** Derives events from published lines, and keeps the epochs of the output in step with those of the input. */
export class LiveProcessor {
  readonly outputs: LiveOutputs;
  readonly #telemetry: TelemetrySender;
  readonly #parts: RunnerParts;
  readonly #guard: EventGuard;
  readonly #engine: Engine;
  readonly #positions: Outputs;
  /** The last event heard; epoch 0 before the first. */
  #position: Position = { epoch: 0, offset: 0 };
  /** Whether it was just started, and knows nothing about the current epoch. */
  #isNew = true;
  /** The last epoch whose end the readers of the output know. */
  #announcedEpoch = 0;
  /** The offset at which it was found behind the head of the channel; see `idle`. */
  #behindAt: number | null = null;
  #lost = 0;

  constructor(parts: RunnerParts, onError: (error: unknown) => void) {
    const { redis, name, service, input, outputs: specs, budget = NO_BUDGET } = parts;
    this.#parts = parts;
    this.#guard = new EventGuard({ ...budget, service: name, name, channel: input });
    this.#engine = new Engine(service, {
      logLevel: parts.log.level,
      outputNames: new Set(specs.keys()),
      guard: this.#guard,
    });
    this.#telemetry = new TelemetrySender({ ...parts, service: name });
    this.outputs = new LiveOutputs({ redis, service: name, input, specs, onError });
    this.#positions = new Outputs({
      redis,
      service: name,
      specs,
      peers: null,
      partition: null,
      specOf: parts.specOf,
      enters: null,
    });
  }

  /** The last event heard. */
  get position(): Position {
    return this.#position;
  }

  /** Number of input events that it did not hear. */
  get lost(): number {
    return this.#lost;
  }

  /** It starts again: what happened meanwhile is unknown. */
  async restart(): Promise<void> {
    this.#isNew = true;
    const { redis, name, input } = this.#parts;
    await buryUnfinished(redis, name, input, this.#guard);
  }

  /** It will not start again. */
  async close(): Promise<void> {
    this.#guard.close();
    await this.#telemetry.close();
  }

  /** Derives from published lines, and sends the results. */
  async take(lines: string[]): Promise<void> {
    for (const line of lines) {
      const event = parseEvent(line);
      if (event === null) this.outputs.reject(line);
      else {
        if (event.epoch > this.#position.epoch || this.#isNew) await this.#beginEpoch(event.epoch);
        this.#take(event);
      }
    }
    this.#send();
    await this.outputs.waitForRoom();
  }

  /**
   * No lines come: lets event time pass, and ends the epoch if it was played to its end.
   * @param silentMs time since the last line
   * @param isBusy whether lines have come meanwhile: then there is nothing to do here
   * @param mayContinue whether this process still has the lease
   */
  async idle(
    silentMs: () => number,
    isBusy: () => boolean,
    mayContinue: () => Promise<boolean>,
  ): Promise<void> {
    const { epoch, offset } = this.#position;
    if (isBusy() || this.#isNew || (!this.#engine.hasTimers && this.#announcedEpoch === epoch)) return;
    const { redis, input } = this.#parts;
    const { head, watermarkMs, endOffset } = await readProgress(redis, input, epoch);
    if (isBusy() || this.#position.offset !== offset || head.epoch !== epoch) return;
    if (head.offset > offset) {
      // An event that is still on its way arrives before the next look; what is missing then never comes.
      if (this.#behindAt === offset) {
        this.#lost += head.offset - offset;
        this.#position.offset = head.offset;
      } else this.#behindAt = offset;
      return;
    }
    if (!(await mayContinue())) return;
    if (endOffset === offset) return this.#end();
    advanceWhileIdle(this.#engine, watermarkMs, silentMs());
    this.#send();
  }

  #take(event: CloudEvent): void {
    const { epoch, offset } = this.#position;
    if (event.epoch < epoch || event.offset <= offset) return;
    this.#lost += event.offset - offset - 1;
    this.#position.offset = event.offset;
    this.#guard.beginEvent(event.epoch, event.offset);
    this.#engine.take(event);
    this.#guard.endEvent();
  }

  /** A new epoch of the input begins a new one of the output; so does a restart, because earlier events are unknown. */
  async #beginEpoch(epoch: number): Promise<void> {
    const { redis, name: service } = this.#parts;
    if (!this.#isNew) await this.#leaveEpoch();
    this.#engine.drainOutputs();
    this.#engine.begin();
    this.#isNew = false;
    if (epoch > this.#position.epoch) this.#position = { epoch, offset: 0 };
    for (;;) {
      await this.#positions.load();
      const { commit: last } = await readCheckpoint(redis, service);
      const reply = await commit(redis, {
        service,
        last,
        commit: randomUUID(),
        attachedUntilMs: 0,
        waits: false,
        forget: true,
        inputs: [],
        entries: new Map(),
        deadLetters: [],
        retries: [],
        hops: [],
        outputs: this.#positions.batches([], this.#position.epoch, true),
      });
      if (reply.done) break;
    }
    this.outputs.beginEpoch();
  }

  /** Brings an epoch to its end if all of it was heard. */
  async #leaveEpoch(): Promise<void> {
    const { epoch, offset } = this.#position;
    const { endOffset } = await readProgress(this.#parts.redis, this.#parts.input, epoch);
    if (endOffset !== null) this.#lost += Math.max(0, endOffset - offset);
    if (endOffset === offset) await this.#end();
    this.#send();
    await this.outputs.written();
  }

  /** Calls all timers, and tells the readers of the output that the epoch has ended, once. */
  async #end(): Promise<void> {
    const { epoch } = this.#position;
    if (this.#announcedEpoch === epoch) return;
    this.#engine.end();
    this.#send();
    await this.outputs.written();
    await this.#positions.load();
    await this.#positions.markEnded();
    this.#announcedEpoch = epoch;
  }

  #send(): void {
    const results = this.#engine.drainOutputs();
    this.#telemetry.send(results.telemetry);
    this.outputs.send(results);
  }
}
