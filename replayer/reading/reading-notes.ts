/** What a recording tells about its reading; an MCAP file has only some of it. */
interface ReadRecording {
  readonly refused: number;
  readonly skipped?: ReadonlyMap<string, number>;
  readonly absent?: number;
  readonly ambiguous?: number;
  readonly notes?: string[];
}

/**
 * What a user has to know about the latest reading of a recording besides its counts, as sentences: rows that were skipped
 * and why, values that were left out, times that could be read in two ways, and what was wrong with its bytes.
 */
export function readingNotes({ skipped, absent = 0, ambiguous = 0, notes = [] }: ReadRecording): string[] {
  return [
    ...Array.from(skipped ?? [], ([reason, rows]) => `${counted(rows, 'row')} skipped: ${reason}.`),
    ...(absent > 0 ? [`${counted(absent, 'value')} left out that stand for "no value", such as NaN.`] : []),
    ...(ambiguous > 0
      ? [
          `${counted(ambiguous, 'row')} in the hour that the clocks show twice; they are played as its first pass.`,
        ]
      : []),
    ...notes,
  ];
}

/** How many rows were skipped with a reason of the format. */
export function skippedRows({ skipped }: ReadRecording): number {
  return [...(skipped?.values() ?? [])].reduce((sum, count) => sum + count, 0);
}

function counted(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}
