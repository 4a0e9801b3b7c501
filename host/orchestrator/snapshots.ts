import type { Logger } from 'pino';
import { WeftError } from '../../kernel/errors.ts';
import { foldOnto } from '../../kernel/task/apply.ts';
import { restore, STATE_VERSION, snapshotOf, type TaskSnapshot } from '../../kernel/task/snapshot.ts';
import type { TaskState } from '../../kernel/task/state.ts';
import type { CompiledTemplate } from '../../kernel/template/types.ts';
import { inflateJournal } from '../blobs/inflate.ts';
import type { Store } from '../store/port.ts';
import { readSnapshotBytes, snapshotBytes } from './snapshot_bytes.ts';
import type { LoadedState } from './state_cache.ts';

/** What snapshots need from their surroundings. */
export interface SnapshotsOptions {
  readonly store: Pick<Store, 'putSnapshot' | 'readSnapshot' | 'readJournal' | 'readBlob'>;
  readonly logger: Pick<Logger, 'warn'>;
  loadTemplate(digest: string): Promise<CompiledTemplate>;
  /** A shorter journal has none. */
  readonly events_min: number;
}

/**
 * Takes and reads the snapshots of long tasks. One is taken whenever a journal has doubled since the last, so all of
 * them together cost no more than a share of what the journal did. They decide nothing: one that cannot be written or
 * read is logged, and the journal has it all.
 */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  /** The event of the last snapshot of a state in memory. */
  readonly #last = new WeakMap<TaskState, number>();
  readonly #writing = new Set<Promise<void>>();

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** Events of a task became durable. Takes a snapshot when one is due, which nobody waits for. */
  committed(state: TaskState): void {
    const { seq } = state.head;
    if (seq < Math.max(this.#options.events_min, 2 * (this.#last.get(state) ?? 0))) return;
    this.#last.set(state, seq);
    const writing = this.#write(snapshotOf(state)).finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
  }

  /** The state of a task, from its snapshot and the journal after it; undefined when there is none that can be used. */
  async load(taskId: string): Promise<LoadedState | undefined> {
    try {
      return await this.#load(taskId);
    } catch (error) {
      if (error instanceof WeftError && error.kind === 'retry') throw error;
      this.#ignore(taskId, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  /** Resolves once none is being written. */
  async idle(): Promise<void> {
    while (this.#writing.size > 0) await Promise.all(this.#writing);
  }

  async #load(taskId: string): Promise<LoadedState | undefined> {
    const { store, loadTemplate } = this.#options;
    const row = await store.readSnapshot(taskId);
    if (row === undefined) return undefined;
    if (row.version !== STATE_VERSION) {
      this.#ignore(taskId, `it is of state version ${row.version}; this Weft reads ${STATE_VERSION}`);
      return undefined;
    }
    const compiled = await loadTemplate(row.template_digest);
    const { snapshot, bytes } = await readSnapshotBytes(row.bytes);
    const restored = restore(compiled, snapshot);
    if ('problem' in restored) {
      this.#ignore(taskId, restored.problem);
      return undefined;
    }
    const { seq } = restored.state.head;
    const after = await inflateJournal(taskId, await store.readJournal(taskId, seq), store);
    const state = foldOnto(restored.state, after.value);
    this.#last.set(state, seq);
    // A snapshot does not tell large values from others: all of it counts as one.
    return { state, large_bytes: bytes + after.bytes };
  }

  async #write(snapshot: TaskSnapshot): Promise<void> {
    const { id: task_id, seq } = snapshot.head;
    try {
      const { version, template_digest } = snapshot;
      const bytes = await snapshotBytes(snapshot);
      await this.#options.store.putSnapshot({ task_id, seq, version, template_digest, bytes });
    } catch (error) {
      this.#options.logger.warn({ err: error, task_id, seq }, 'a snapshot could not be written; nothing changes by it');
    }
  }

  #ignore(task_id: string, problem: string): void {
    this.#options.logger.warn({ task_id, problem }, 'a snapshot cannot be used; the whole journal is folded');
  }
}
