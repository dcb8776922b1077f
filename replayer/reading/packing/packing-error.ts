/** What is wrong with a packed stream: it ends early, a checksum differs, its data are invalid, or it needs what Reprise lacks. */
export type PackingProblem = 'cut' | 'checksum' | 'invalid' | 'unsupported';

/** A packed stream that can't be unpacked to its end. The message is a detail in words, without a subject. */
export class PackingError extends Error {
  readonly problem: PackingProblem;

  constructor(problem: PackingProblem, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'PackingError';
    this.problem = problem;
  }
}
