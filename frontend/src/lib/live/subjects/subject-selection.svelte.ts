import type { Subject, Subjects } from './subjects.ts';

/** The subject that map, charts and tables highlight, and whether the map follows it. */
export class SubjectSelection {
  key = $state<string>();
  follow = $state(false);
  hoverKey = $state<string>();
  readonly #subjects: Subjects;
  readonly #selected: (subject: Subject) => void;

  /** `selected` is called when another subject is selected. */
  constructor(subjects: Subjects, selected: (subject: Subject) => void) {
    this.#subjects = subjects;
    this.#selected = selected;
  }

  get subject(): Subject | undefined {
    return this.key === undefined ? undefined : this.#subjects.all.get(this.key);
  }

  select(key: string | undefined): void {
    if (key === undefined) this.follow = false;
    const changed = key !== this.key;
    this.key = key;
    const { subject } = this;
    if (changed && subject) this.#selected(subject);
  }

  /** Selects nothing, because other subjects are shown. */
  clear(): void {
    this.select(undefined);
    this.hoverKey = undefined;
  }

  /** Selects a subject, or deselects it when it is the selected one. */
  toggle(key: string): void {
    this.select(this.key === key ? undefined : key);
  }

  /** Selects the next (1) or previous (-1) subject in the order of the list. */
  step(direction: 1 | -1): void {
    const present = this.#subjects.present();
    if (present.length === 0) return;
    const at = present.findIndex(({ key }) => key === this.key);
    const from = at < 0 && direction === -1 ? 0 : at;
    this.select(present[(from + direction + present.length) % present.length]?.key);
  }
}
