import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A child process that answers one question at a time. */
export class Helper {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, 'exit').then(() => {
      throw new Error('A process of the bench ended.');
    });
    this.#ended.catch(() => {});
  }

  /** Starts a file of this folder, with `global.gc` so that it can collect garbage before it reports memory. */
  static start(file: string): Helper {
    return new Helper(
      fork(fileURLToPath(new URL(file, import.meta.url)), {
        execArgv: ['--expose-gc', '--import', 'tsx'],
        serialization: 'advanced',
      }),
    );
  }

  /** @throws Error when the process refuses, or ends instead of answering */
  async ask<Answer>(question: object): Promise<Answer> {
    const answered = new Promise<Answer | Error>((resolve) => this.#child.once('message', resolve));
    this.#child.send(question);
    const reply = await Promise.race([answered, this.#ended]);
    if (reply instanceof Error) throw reply;
    return reply;
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }
}

/** The child's side: answers every question of the parent, and ends with it. */
export function answer<Question>(handle: (question: Question) => Promise<unknown>): void {
  process.on('message', (question) => {
    void handle(question as Question).then(
      (reply) => process.send!(reply ?? null),
      (error: unknown) => process.send!(error instanceof Error ? error : new Error(String(error))),
    );
  });
  process.on('disconnect', () => process.exit());
}

/** The percentile of sorted values. */
export function percentile(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * share) / 100))] ?? NaN;
}
