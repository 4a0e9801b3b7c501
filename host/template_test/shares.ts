import type { BatchItem } from '../../kernel/task/events.ts';
import type { Engine } from '../orchestrator/port.ts';

/** A step as far as it says whose worker it may be. */
export interface NamedStep {
  readonly task_id: string;
  readonly step_id: string;
  readonly name: string;
}

const PAGE = 1_000;
const WORKER_NAME = /^(.+)\[\d+\]$/;

/** The name of the template step that a step comes from: a worker's batch, or its own. */
export function templateStepOf(name: string): string {
  return WORKER_NAME.exec(name)?.[1] ?? name;
}

/** What the workers of batches got, read from journals as far as they are asked for. */
export class Shares {
  readonly #engine: () => Engine;
  readonly #shares = new Map<string, BatchItem>();
  /** By task, up to where its journal was read. */
  readonly #read = new Map<string, number>();

  constructor(engine: () => Engine) {
    this.#engine = engine;
  }

  /** Index and item of a worker; undefined for any other step. */
  async of({ task_id, step_id, name }: NamedStep): Promise<BatchItem | undefined> {
    if (!WORKER_NAME.test(name)) return undefined;
    if (!this.#shares.has(step_id)) await this.#readOn(task_id);
    return this.#shares.get(step_id);
  }

  async #readOn(taskId: string): Promise<void> {
    for (;;) {
      const page = await this.#engine().events(taskId, this.#read.get(taskId) ?? 0, PAGE);
      for (const { seq, event } of page) {
        this.#read.set(taskId, seq);
        if (event.kind !== 'steps_created') continue;
        for (const { id, batch } of event.steps) if (batch !== undefined) this.#shares.set(id, batch);
      }
      if (page.length < PAGE) return;
    }
  }
}
