import type { DeadLetter } from '../../../../schemas/types.ts';
import { Action } from '../../lib/pages/action.svelte.ts';
import { pagesApi } from '../../lib/pages/api.ts';
import { PagedList } from '../../lib/pages/paged-list.svelte.ts';
import { deadLettersTexts as t } from './texts.ts';

/** Whether a dead letter holds a complete event. Others hold a row of a recording, which can’t be sent again. */
export const isEvent = ({ content }: DeadLetter): boolean => content.includes('"specversion');

/** The dead letters, filtered among those that are loaded, and what can be done with them. */
export class DeadLetterList {
  channel = $state('');
  source = $state('');
  /** The outcome of the last action. */
  message = $state('');
  readonly list = new PagedList(pagesApi.deadLetters, { everyMs: 5000, limit: 100 });
  readonly action = new Action();
  readonly shown = $derived(
    (this.list.items ?? []).filter(
      ({ channel, source }) =>
        (!this.channel || channel === this.channel) && (!this.source || source === this.source),
    ),
  );
  readonly channels = $derived(unique((this.list.items ?? []).map(({ channel }) => channel)));
  readonly sources = $derived(unique((this.list.items ?? []).map(({ source }) => source)));
  readonly #announce: (message: string) => void;

  /** @param announce tells screen readers the outcome of an action */
  constructor(announce: (message: string) => void) {
    this.#announce = announce;
  }

  /** Sends the event of a dead letter to its channel again. */
  redrive(id: string): Promise<boolean> {
    return this.action.run(async () => {
      const { channel, position } = await pagesApi.redrive(id);
      await this.list.refreshWithout(id);
      this.#say(t.redriven(channel, position));
    });
  }

  /**
   * Sends all events that match the filter to their channels again, those that are not loaded included.
   * @throws ProblemError if the API refuses
   */
  async redriveAll(): Promise<void> {
    const { redriven, left } = await pagesApi.redriveAll({
      ...(this.channel && { channel: this.channel }),
      ...(this.source && { source: this.source }),
    });
    await this.list.refresh();
    this.#say(t.allRedriven(redriven, left));
  }

  #say(message: string): void {
    this.message = message;
    this.#announce(message);
  }
}

const unique = (names: string[]): string[] => [...new Set(names)].sort();
