import type { Subject, Subjects } from './subjects.ts';

/** The one subject that is looked at, on map, charts and table alike; and whether the map follows it. */
export class SubjectSelection {
  key = $state<string>();
  follow = $state(false);
  hoverKey = $state<string>();
  readonly #subjects: Subjects;
  readonly #say: (subject: Subject) => void;

  constructor(subjects: Subjects, say: (subject: Subject) => void) {
    this.#subjects = subjects;
    this.#say = say;
  }

  get subject(): Subject | undefined {
    return this.key === undefined ? undefined : this.#subjects.all.get(this.key);
  }

  select(key: string | undefined): void {
    if (key === undefined) this.follow = false;
    const changed = key !== this.key;
    this.key = key;
    const { subject } = this;
    if (changed && subject) this.#say(subject);
  }

  /** Selects it, or deselects it when it is the selected one. */
  toggle(key: string): void {
    this.select(this.key === key ? undefined : key);
  }

  /** The next (1) or previous (-1) subject in the order of the list. */
  step(direction: 1 | -1): void {
    const present = this.#subjects.present();
    if (present.length === 0) return;
    const at = present.findIndex(({ key }) => key === this.key);
    const next =
      at < 0
        ? direction === 1
          ? 0
          : present.length - 1
        : (at + direction + present.length) % present.length;
    this.select(present[next]?.key);
  }
}
