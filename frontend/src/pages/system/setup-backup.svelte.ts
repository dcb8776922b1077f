import type { SystemChanges } from '../../../../schemas/types.ts';
import { Action } from '../../lib/pages/action.svelte.ts';
import { pagesApi } from '../../lib/pages/api.ts';
import { saveFile } from '../../lib/ui/save-file.ts';
import { setupTexts as t } from './texts.ts';

/** Saves the setup of the system as a file, and restores it after a review of the changes. */
export class SetupBackup {
  /** A backup that was chosen, and the changes that it would make. */
  review = $state.raw<{ name: string; document: object; changes: SystemChanges['changes'] }>();
  /** Replays that could not be resumed. */
  failed = $state.raw<SystemChanges['failed']>([]);
  /** The outcome of the last restore. */
  message = $state('');
  /** Why the chosen file can't be used; empty if it can. */
  error = $state('');
  readonly action = new Action();
  readonly #announce: (message: string) => void;
  readonly #changed: () => Promise<void>;

  /**
   * @param announce tells screen readers the outcome
   * @param changed is called after the setup was restored
   */
  constructor(announce: (message: string) => void, changed: () => Promise<void>) {
    this.#announce = announce;
    this.#changed = changed;
  }

  save(): Promise<boolean> {
    return this.action.run(async () => {
      // The problems describe the system as it runs; they are not part of its setup.
      const { problems: _problems, ...document } = await pagesApi.system();
      const time = new Date().toISOString().slice(0, 16).replaceAll(':', '');
      saveFile(t.file(time), `${JSON.stringify(document, null, 2)}\n`, 'application/json');
    });
  }

  /** Reads a backup and asks the API for the changes that it would make. */
  async choose(file: File): Promise<void> {
    this.review = undefined;
    this.action.dismiss();
    this.error = this.message = '';
    this.failed = [];
    let document: object;
    try {
      document = JSON.parse(await file.text()) as object;
    } catch (error) {
      this.error = `${t.notJson(file.name)} ${(error as Error).message}`;
      return;
    }
    await this.action.run(async () => {
      const { changes } = await pagesApi.compareSystem(document);
      this.review = { name: file.name, document, changes };
    });
  }

  cancel(): void {
    this.review = undefined;
  }

  /** Makes the changes that are reviewed. */
  async restore(): Promise<void> {
    const { review } = this;
    if (!review) return;
    await this.action.run(async () => {
      const { changes, failed } = await pagesApi.restoreSystem(review.document);
      this.failed = failed;
      this.message = t.applied(changes.length);
      this.#announce(this.message);
      this.review = undefined;
      await this.#changed();
    });
  }
}
