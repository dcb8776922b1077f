import { RE2JS } from 're2js';
import { inputLimits } from './input-limits.ts';

const CHARACTERS_MAX = inputLimits.patternCharacters.max;
const INSTRUCTIONS_MAX = inputLimits.patternInstructions.max;

/** A regular expression that takes time in proportion to the text, whatever the text is (RE2). */
export interface Pattern {
  /** Whether it is found anywhere in a text. */
  test(text: string): boolean;
  /** How many instructions it has: a character of a text costs at most this many steps. */
  readonly instructions: number;
}

/**
 * Compiles a regular expression in the syntax of RE2, which is that of JavaScript without look-around and back references.
 * @throws Error that says what is wrong with it
 */
export function compilePattern(text: string): Pattern {
  if (text.length > CHARACTERS_MAX)
    throw new Error(`the pattern is longer than ${CHARACTERS_MAX} characters`);
  const compiled = compiledBy(() => RE2JS.compile(RE2JS.translateRegExp(text)));
  const instructions = compiled.programSize();
  if (instructions > INSTRUCTIONS_MAX)
    throw new Error(
      `the pattern is too large: it has ${instructions} instructions, and at most ${INSTRUCTIONS_MAX} are allowed`,
    );
  return { test: (it) => compiled.test(it), instructions };
}

function compiledBy(compile: () => RE2JS): RE2JS {
  try {
    return compile();
  } catch (error) {
    const what = (error as Error).message.replace(/^error parsing regexp: /, '').replaceAll('`', '"');
    const isPerl = /Perl syntax|escape sequence: "\\[1-9]"/.test(what);
    throw new Error(isPerl ? `${what} (look-around and back references are not possible in RE2)` : what, {
      cause: error,
    });
  }
}
