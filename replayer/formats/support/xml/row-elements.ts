import type { Elements, ElementHandler } from './elements.ts';
import type { XmlRows } from './xml-row-list.ts';
import type { Attributes } from './tags.ts';

/**
 * Reads files in which each row is an element of its own, such as the points of GPX and TCX. It begins and finishes the rows,
 * and refuses those that are damaged or whose beginning or end is missing. A format adds what their children mean.
 */
export abstract class RowElements implements ElementHandler {
  readonly known: ReadonlySet<string>;
  abstract readonly texts: ReadonlySet<string>;
  protected readonly elements: Elements;
  protected readonly rows: XmlRows;
  readonly #rowNames: ReadonlySet<string>;
  readonly #parents: ReadonlySet<string>;
  /** How many elements the open row lies in. */
  #depth = 0;

  /**
   * @param rowNames the elements that are rows
   * @param parents elements that hold rows, so that they can't lie in one
   * @param others further elements that are not HTML
   */
  constructor(elements: Elements, rows: XmlRows, rowNames: string[], parents: string[], others: string[]) {
    this.elements = elements;
    this.rows = rows;
    this.#rowNames = new Set(rowNames);
    this.#parents = new Set(parents);
    this.known = new Set([...rowNames, ...parents, ...others]);
  }

  /** A row begins. */
  protected abstract begin(name: string, attributes: Attributes): void;
  /** An element within a row was closed. */
  protected abstract child(name: string, text: string): void;
  /** A row is at its end: the last members can be added. */
  protected abstract complete(): void;
  /** An element outside of rows was opened. */
  protected abstract outsideOpened(name: string, attributes: Attributes): void;
  /** An element outside of rows was closed. */
  protected abstract outsideClosed(name: string, text: string): void;

  opened(name: string, attributes: Attributes): void {
    if (this.#rowNames.has(name)) this.#begin(name, attributes);
    else if (!this.rows.isOpen) this.outsideOpened(name, attributes);
    else if (this.#parents.has(name)) this.rows.damage(`Not XML: <${name}> within a row.`);
  }

  closed(name: string, text: string): void {
    if (!this.rows.isOpen) this.outsideClosed(name, text);
    else if (this.elements.path.length === this.#depth) this.#finish(null);
    else if (text !== '' && !this.#rowNames.has(name)) this.child(name, text);
  }

  lost(name: string): void {
    if (!this.rows.isOpen) return;
    if (this.elements.path.length === this.#depth) this.#finish('The row is never closed.');
    else this.rows.damage(`Not XML: <${name}> is not closed.`);
  }

  stray(name: string): void {
    if (this.rows.isOpen) this.rows.damage(`Not XML: </${name}> closes nothing.`);
    else if (this.#rowNames.has(name))
      this.rows.endOnly(this.elements.line, `A row (${name}) ends here whose beginning can't be read.`);
  }

  damaged(problem: string): void {
    this.rows.damage(problem);
  }

  unclosed(problem: string): void {
    if (this.rows.isOpen) this.rows.damage(problem);
    else this.rows.refuse(this.elements.line, problem);
  }

  #begin(name: string, attributes: Attributes): void {
    if (this.rows.isOpen) {
      // Without attributes it is not another point of GPX: a closing tag may have lost its slash.
      if (attributes.size === 0 && this.rows.hasAttributes) {
        this.rows.damage(`Not XML: <${name}> within a row.`);
        return;
      }
      this.#finish('The row is not closed before the next one begins.');
      this.elements.abandon(this.#depth);
    }
    this.#depth = this.elements.path.length - 1;
    this.begin(name, attributes);
  }

  #finish(problem: string | null): void {
    if (problem !== null && this.rows.discard()) return;
    this.complete();
    this.rows.finish(problem);
  }
}
