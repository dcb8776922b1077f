/** One figure. `ratio` is value / baseline, both measured in the same run: machines differ, ratios less so. */
export interface Figure {
  name: string;
  value: number;
  unit: string;
  baseline?: number;
  ratio?: number;
}

/** A benchmark: the default export of a file in bench/. */
export interface Bench {
  /** What it measures, in one sentence. */
  summary: string;
  /** Reports figures as it finds them. `options` are the words after its name on the command line. */
  run(report: (figure: Figure) => void, options: string[]): Promise<void>;
}
