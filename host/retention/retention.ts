import type { Logger } from 'pino';
import { WeftError } from '../../kernel/errors.ts';
import type { OperatorAct } from '../../kernel/task/events.ts';
import { journalBlobs } from '../blobs/inflate.ts';
import type { Clock } from '../clock.ts';
import type { RetentionConfig } from '../config/types.ts';
import type { Faults } from '../faults.ts';
import type { RetentionReport, RetentionView, RetiredTask } from '../orchestrator/port.ts';
import type { RetentionAct, Store, TaskSummary } from '../store/port.ts';
import { archiveFile, writeArchive } from './archive.ts';
import { dueBy, type Rule, rulesOf } from './policy.ts';

/** What retention needs from its surroundings. */
export interface RetentionOptions {
  readonly store: Store;
  /** Who owns the tasks: nothing else of a task is under way while `work` runs, and it is forgotten afterwards. */
  readonly tasks: { alone<T>(taskId: string, work: () => Promise<T>): Promise<T> };
  readonly config: RetentionConfig;
  readonly logger: Pick<Logger, 'info' | 'error'>;
  readonly clock: Clock;
  readonly faults: Faults;
}

const MINUTE_MS = 60_000;
const PAGE = 100;
const ACTS_SHOWN = 20;
/** Who acts when nobody in particular does. */
const BY_RULE: OperatorAct = { by: 'system', reason: 'the rules of retention' };

/**
 * Takes settled tasks out of the store when their time has come: archived first, if the rules say so, and one after the
 * other, so that what runs hardly notices. A process that dies in between leaves an archive of a task that is still
 * there, and the next look writes the same archive again.
 *
 * Fault points: `retention.archived`, `retention.removed`.
 */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #rules: readonly Rule[];
  #sleep: (() => void) | undefined;
  /** Looks and acts of people follow each other. */
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#rules = rulesOf(options.config);
  }

  /** Looks now, and again and again, unless the rules keep everything. */
  start(): void {
    if (this.#rules.some(({ action }) => action !== 'keep')) void this.#look();
  }

  /** Ends the look that is under way after its present task. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#sleep?.();
    await this.#last;
  }

  async show(): Promise<RetentionView> {
    const { store, config, clock } = this.#options;
    const now = clock.now();
    const rules = this.#rules.map(async (rule) => ({
      ...rule,
      due: rule.action === 'keep' ? 0 : await store.countSettled(dueBy(rule, now)),
    }));
    return {
      rules: await Promise.all(rules),
      archive_directory: config.archive_directory,
      store: await store.size(),
      acts: await store.listActs(ACTS_SHOWN),
    };
  }

  /** Applies the rules once, as somebody asks. Tasks that cannot go are told, and stay. */
  run(
    { dry_run, limit }: { readonly dry_run: boolean; readonly limit: number },
    act: OperatorAct,
  ): Promise<RetentionReport> {
    return this.#inTurn(async () => {
      const tasks: RetiredTask[] = [];
      let more = false;
      for await (const { task, rule } of this.#due()) {
        more = tasks.length === limit;
        if (more || this.#closed) break;
        tasks.push(dry_run ? this.#retired(task, rule.action !== 'remove') : await this.#retireByRule(task, rule, act));
      }
      if (!dry_run && tasks.length > 0) {
        const gone = tasks.filter(({ problem }) => problem === null);
        const archived = gone.filter(({ archive }) => archive !== null).length;
        const details = { removed: gone.length, archived, failed: tasks.length - gone.length };
        await this.#options.store.recordAct(this.#note('run', act, details));
      }
      return { dry_run, tasks, more };
    });
  }

  /**
   * Removes one settled task, whatever the rules say of it.
   * @throws task_not_found, task_not_settled, archive_unwritable, store_unavailable
   */
  async remove(taskId: string, { archive }: { readonly archive: boolean }, act: OperatorAct): Promise<RetiredTask> {
    const task = await this.#options.store.readSummary(taskId);
    if (task === undefined) throw new WeftError('task_not_found', { task_id: taskId });
    if (task.settled_at === null) throw new WeftError('task_not_settled', { task_id: taskId, status: task.status });
    return this.#retire(task, archive, act, ({ task_id, template_name, status, archive: file }) =>
      this.#note('remove', act, { task_id, template_name, status, archive: file }),
    );
  }

  async #look(): Promise<void> {
    await this.#inTurn(async () => {
      try {
        for await (const { task, rule } of this.#due()) {
          if (this.#closed) return;
          const { problem } = await this.#retireByRule(task, rule, BY_RULE);
          if (problem !== null) this.#options.logger.error({ task_id: task.task_id, problem }, 'a settled task stays');
        }
      } catch (error) {
        this.#options.logger.error({ err: error }, 'settled tasks could not be looked at; trying again');
      }
    });
    if (this.#closed) return;
    this.#sleep = this.#options.clock.after(this.#options.config.every_minutes * MINUTE_MS, () => void this.#look());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** What is due now, page by page; what cannot go is passed by. */
  async *#due(): AsyncGenerator<{ readonly task: TaskSummary; readonly rule: Rule }> {
    const now = this.#options.clock.now();
    for (const rule of this.#rules.filter(({ action }) => action !== 'keep')) {
      let cursor: string | undefined;
      do {
        const query = { ...dueBy(rule, now), limit: PAGE, ...(cursor === undefined ? {} : { cursor }) };
        const page = await this.#options.store.listSettled(query);
        for (const task of page.items) yield { task, rule };
        cursor = page.next_cursor;
      } while (cursor !== undefined);
    }
  }

  async #retireByRule(task: TaskSummary, { action }: Rule, act: OperatorAct): Promise<RetiredTask> {
    try {
      return await this.#retire(task, action === 'archive', act);
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return { ...this.#retired(task, action === 'archive'), archive: null, problem };
    }
  }

  /** Archives a task if it shall be, and removes it only then. */
  async #retire(
    task: TaskSummary,
    archived: boolean,
    by: OperatorAct,
    note?: (retired: RetiredTask) => RetentionAct,
  ): Promise<RetiredTask> {
    const { store, tasks, faults, logger } = this.#options;
    const { task_id } = task;
    const retired = this.#retired(task, archived);
    await tasks.alone(task_id, async () => {
      const journal = await store.readJournal(task_id);
      const last = journal.at(-1);
      if (retired.archive !== null) {
        const template = await store.getTemplate(task.template_digest);
        if (template === undefined) {
          throw new WeftError('store_corrupt', { problem: `template ${task.template_digest} is missing` });
        }
        const blobs = await journalBlobs(task_id, journal, store);
        await writeArchive(retired.archive, { summary: task, template, journal, blobs });
        await faults.hit('retention.archived');
      }
      const expected_seq = last === undefined ? 0 : last.seq + last.events.length - 1;
      const act = note === undefined ? {} : { act: note(retired) };
      await store.removeTask({ task_id, expected_seq, ...act });
      await faults.hit('retention.removed');
    });
    const { template_name, status, settled_at } = task;
    const what = { task_id, template_name, status, settled_at, archive: retired.archive };
    logger.info({ retention: { ...what, ...by } }, 'a settled task was removed');
    return retired;
  }

  #retired(task: TaskSummary, archived: boolean): RetiredTask {
    const { task_id, template_name, status, settled_at } = task;
    const archive = archived ? archiveFile(this.#options.config.archive_directory, task) : null;
    const action = archived ? 'archive' : 'remove';
    return { task_id, template_name, status, settled_at: settled_at!, action, archive, problem: null };
  }

  #note(act: RetentionAct['act'], { by, reason }: OperatorAct, details: RetentionAct['details']): RetentionAct {
    return { at: this.#options.clock.now(), act, by, reason, details };
  }
}
