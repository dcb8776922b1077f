import type { Pipeline, ServiceStep } from '../../../../schemas/types.ts';
import { texts } from '../../components/texts.ts';
import { Action } from '../../lib/pages/action.svelte.ts';
import { pagesApi } from '../../lib/pages/api.ts';
import { definitionTexts as t } from './texts.ts';

/** A definition whose steps all are services: only such a one fits into the form. */
type PlainPipeline = Pipeline & { steps: ServiceStep[] };

const isPlain = (pipeline: Pipeline): pipeline is PlainPipeline =>
  pipeline.steps.every((step) => 'service' in step);

/** The definition of a new or an existing pipeline while it is edited, as a form or as JSON. */
export class PipelineForm {
  name = $state('');
  description = $state('');
  input = $state('');
  output = $state('');
  steps = $state<ServiceStep[]>([]);
  view = $state<'form' | 'json'>('form');
  json = $state('');
  /** Why the definition can't be saved or shown as a form; empty if it can. */
  error = $state('');
  readonly saving = new Action();
  readonly #isNew: boolean;
  readonly #before: Pipeline;

  constructor(before?: { name: string; definition: Pipeline }) {
    this.#isNew = before === undefined;
    this.#before = before?.definition ?? { steps: [] };
    this.name = before?.name ?? '';
    this.json = JSON.stringify(this.#before, null, 2);
    if (isPlain(this.#before)) this.#fill(this.#before);
    else this.view = 'json';
  }

  /** Whether the pipeline that is edited has branches or external services. */
  get isJsonOnly(): boolean {
    return !isPlain(this.#before);
  }

  /** Changes between form and JSON; edits in one appear in the other. */
  show(view: 'form' | 'json'): void {
    if (view === this.view) return;
    this.error = '';
    if (view === 'json') this.json = JSON.stringify(this.#fromForm(), null, 2);
    else {
      const pipeline = this.#fromJson();
      if (!pipeline) return;
      if (!isPlain(pipeline)) {
        this.error = t.jsonOnly;
        return;
      }
      this.#fill(pipeline);
    }
    this.view = view;
  }

  addStep(service: string): void {
    this.steps.push({ service });
  }

  moveStep(from: number, by: 1 | -1): void {
    const [step] = this.steps.splice(from, 1);
    if (step) this.steps.splice(from + by, 0, step);
  }

  removeStep(index: number): void {
    this.steps.splice(index, 1);
  }

  /** Sends the definition to the API. Returns whether it is saved. */
  async save(): Promise<boolean> {
    this.error = '';
    const definition = this.view === 'json' ? this.#fromJson() : this.#fromForm();
    if (!definition) return false;
    if (definition.steps.length === 0) {
      this.error = t.noSteps;
      return false;
    }
    return this.saving.run(() =>
      this.#isNew
        ? pagesApi.addPipeline(this.name, definition)
        : pagesApi.changePipeline(this.name, definition),
    );
  }

  #fill({ description = '', from = '', to = '', steps }: PlainPipeline): void {
    this.description = description;
    this.input = from;
    this.output = to;
    this.steps = structuredClone(steps);
  }

  #fromForm(): Pipeline {
    return {
      ...this.#before,
      description: this.description || undefined,
      from: this.input || undefined,
      to: this.output || undefined,
      steps: $state.snapshot(this.steps),
    };
  }

  #fromJson(): Pipeline | undefined {
    try {
      const read = JSON.parse(this.json) as Partial<Pipeline> | null;
      if (Array.isArray(read?.steps)) return read as Pipeline;
      this.error = t.noSteps;
    } catch (error) {
      this.error = `${texts.invalidJson} ${(error as Error).message}`;
    }
    return undefined;
  }
}
