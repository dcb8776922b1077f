/** What stands for "no value", in lower case: the words of pandas, R, SQL, MATLAB, SAS, Excel and JavaScript. */
const NONE = new Set(
  `nan -nan na n/a n.a. <na> #n/a #na nat null (null) <null> \\n none nil undefined missing
   - -- --- ? . 1.#ind -1.#ind 1.#qnan -1.#qnan`.split(/\s+/),
);
const NONE_LENGTH = Math.max(...Array.from(NONE, (word) => word.length));

/** Whether a text in the place of a number, without blanks around it, stands for no value. An empty text does not count. */
export function meansNone(text: string): boolean {
  return text.length <= NONE_LENGTH && NONE.has(text.toLowerCase());
}
