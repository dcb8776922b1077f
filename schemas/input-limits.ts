/** A bound on what enters, so that nobody's input takes unbounded time or memory. docs/configuration.md lists them all. */
interface InputLimit {
  /** The most that is allowed. */
  max: number;
  /** What is counted. */
  unit: string;
  /** What the bound is on, and what happens beyond it. */
  meaning: string;
}

/** Every bound that can't be configured. Those of parameters are in the parameters' schemas. */
export const inputLimits = {
  expressionCharacters: {
    max: 2_000,
    unit: 'characters',
    meaning: 'The length of an expression. A longer one is refused.',
  },
  macroDepth: {
    max: 4,
    unit: 'levels',
    meaning:
      'How deep the macros of an expression (`all`, `exists`, `exists_one`, `filter`, `map`) stand within each other. A deeper expression is refused.',
  },
  expressionSteps: {
    max: 1_000_000,
    unit: 'steps',
    meaning:
      'What one evaluation of an expression may take: a step is one part of it, one element of a list, or 64 characters. Beyond it, a row is refused, and an event becomes a dead letter.',
  },
  patternCharacters: {
    max: 1_000,
    unit: 'characters',
    meaning: 'The length of a regular expression. A longer one is refused.',
  },
  patternInstructions: {
    max: 1_000,
    unit: 'instructions',
    meaning:
      'The size of a regular expression: `a{500}` has about 500 instructions. A larger one is refused.',
  },
  jsonDepth: {
    max: 200,
    unit: 'levels',
    meaning:
      'How deep lists and objects stand within each other in JSON: in requests, socket messages, rows, events and the configuration. A deeper one is refused, as a bad row or a dead letter where it is one of many.',
  },
  patternWork: {
    max: 10_000_000,
    unit: 'characters × instructions',
    meaning:
      'What matching a regular expression of a schema may take: the length of the text times the size of the expression. A longer text does not match.',
  },
  formatCharacters: {
    max: 2_000,
    unit: 'characters',
    meaning:
      'The length of a text with a format such as `email` or `uri`. A longer one does not have the format.',
  },
  schemaCharacters: {
    max: 100_000,
    unit: 'characters',
    meaning: 'The length of a JSON Schema of an endpoint or a plugin. A longer one is refused.',
  },
} as const satisfies { [name: string]: InputLimit };
