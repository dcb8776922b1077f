import type { Problem } from '../../../../schemas/types.ts';
import { texts } from '../../components/texts.ts';
import { problemOf } from '../../lib/live/api.ts';
import { pagesApi, type Sent } from '../../lib/pages/api.ts';
import { testTexts as t } from './texts.ts';

const WAIT_SECONDS = 10;

/** An event that is sent through a pipeline by hand, and its result. */
export class TestEvent {
  subject = $state('test');
  /** The data as JSON text. */
  data = $state('');
  /** Why the data can't be sent; empty if they can. */
  error = $state('');
  problem = $state.raw<Problem>();
  answer = $state.raw<Sent & { tookMs: number }>();
  #request = $state.raw<AbortController>();
  readonly #pipeline: string;
  readonly #announce: (message: string) => void;

  /** @param announce tells screen readers the outcome */
  constructor(pipeline: string, announce: (message: string) => void) {
    this.#pipeline = pipeline;
    this.#announce = announce;
  }

  get isWaiting(): boolean {
    return this.#request !== undefined;
  }

  /** Takes the example of a channel's schema as the data, unless there are data already. */
  async useExampleOf(channel: string): Promise<void> {
    try {
      const { examples } = await pagesApi.schema(`channels/${channel}`);
      if (this.data === '' && examples?.[0]) this.data = JSON.stringify(examples[0], null, 2);
    } catch {
      // A channel without a schema has no example.
    }
  }

  /** Sends the event and waits for its result. */
  async send(): Promise<void> {
    const data = this.#parse();
    if (!data) return;
    this.answer = this.problem = undefined;
    const request = (this.#request = new AbortController());
    const startedMs = performance.now();
    try {
      const event = { subject: this.subject, data, waitSeconds: WAIT_SECONDS };
      const sent = await pagesApi.sendEvent(this.#pipeline, event, request.signal);
      const tookMs = performance.now() - startedMs;
      this.answer = { ...sent, tookMs };
      this.#announce(sent.results?.[0] ? t.received(tookMs) : sent.refused[0] ? t.refused : t.timeout);
    } catch (error) {
      if (!request.signal.aborted) this.problem = problemOf(error);
    }
    this.#request = undefined;
  }

  /** Stops waiting; the event stays in the pipeline. */
  cancel(): void {
    this.#request?.abort(new Error('canceled'));
  }

  readonly dismiss = (): void => {
    this.problem = undefined;
  };

  #parse(): object | undefined {
    this.error = '';
    try {
      const value = JSON.parse(this.data) as unknown;
      if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
      this.error = t.notAnObject;
    } catch (error) {
      this.error = `${texts.invalidJson} ${(error as Error).message}`;
    }
    return undefined;
  }
}
