/**
 * What batches promise, told from a whole journal alone: neither the kernel's counters nor its fold are asked. In the
 * same pass it notes which situations the journal contains, so that a test can insist that they occur.
 */
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../kernel/json.ts';
import type { BatchWindow, CreatedStep, JournalEntry, TaskEvent } from '../../kernel/task/events.ts';
import { isSettled } from '../../kernel/task/task_machine.ts';
import type { Template } from '../../kernel/template/types.ts';

/** What a simulation of batches must come across. */
export const SITUATIONS = [
  'no items',
  'full window',
  'unlimited window',
  'no tolerance',
  'one failure below the count',
  'as many failures as the count',
  'one failure beyond the count',
  'failures within the percentage',
  'failures beyond the percentage',
  'both limits',
  'worker retried',
  'worker suspended',
  'worker woken by a signal',
  'worker woken by a deadline',
  'worker without component',
  'worker whose values are refused',
  'worker retried by an operator',
  'worker resolved by an operator',
  'worker resolved before its turn',
  'batch retried by an operator',
  'batch resolved by an operator',
  'fan-out resolved by an operator',
  'rest cancelled with a batch that is let pass',
  'paused while workers run',
  'cancelled while workers run',
  'resolved while workers run',
  'failed while workers run',
  'fan-out behind a decision',
] as const;

export type Situation = (typeof SITUATIONS)[number];

interface Worker {
  readonly batch: BatchRun;
  readonly index: number;
  started: boolean;
}

interface BatchRun {
  readonly name: string;
  readonly window: BatchWindow;
  readonly indexes: Set<number>;
  readonly inFlight: Set<string>;
  readonly failed: Set<string>;
  readonly done: Set<string>;
  state: 'open' | 'converged' | 'failed' | 'resolved' | 'cancelled';
}

/** @throws Error naming the first promise that was not kept */
export function auditBatches(template: Template, journal: readonly JournalEntry[]): ReadonlySet<Situation> {
  const audit = new BatchAudit(template);
  for (const { events } of journal) audit.entry(events);
  return audit.seen;
}

class BatchAudit {
  readonly seen = new Set<Situation>();
  readonly #template: Template;
  readonly #frame = new Map<string, CreatedStep>();
  /** By the id of the template's worker step. */
  readonly #batches = new Map<string, BatchRun>();
  readonly #workers = new Map<string, Worker>();
  #paused = false;
  #over = false;

  constructor(template: Template) {
    this.#template = template;
  }

  entry(events: readonly TaskEvent[]): void {
    const isLookedInto = events.every(({ kind }) => kind === 'dead_letter_noted' || kind === 'dead_letter_closed');
    this.#must(!this.#over || isLookedInto, 'nothing happens after a task is over');
    for (const [at, event] of events.entries()) this.#event(event, events.slice(at + 1));
  }

  #event(event: TaskEvent, following: readonly TaskEvent[]): void {
    if (event.kind === 'steps_created') for (const step of event.steps) this.#created(step);
    if (event.kind === 'task_paused' || event.kind === 'task_resumed') this.#paused = event.kind === 'task_paused';
    if (event.kind === 'task_paused') this.#noteWhileRunning('paused while workers run');
    if (event.kind === 'task_cancel_requested') this.#noteWhileRunning('cancelled while workers run');
    if (event.kind === 'task_resolve_requested') this.#noteWhileRunning('resolved while workers run');
    if (event.kind === 'task_status_changed') this.#over = isSettled(event.to);
    // What is written about a step that does not go on changes nothing of it.
    if (!('step_id' in event) || event.kind.startsWith('dead_letter_')) return;
    if ('window' in event && event.window !== undefined) this.#opened(event, event.window, following);
    const worker = this.#workers.get(event.step_id);
    if (worker !== undefined) return this.#ofWorker(worker, event);
    const batch = this.#batches.get(event.step_id);
    if (batch !== undefined) return this.#ofBatch(batch, event, following);
    const isFanOut = this.#typeOf(event.step_id) === 'batchable';
    this.#note('fan-out resolved by an operator', isFanOut && event.kind === 'step_resolved_manually');
    const failsTask = event.kind === 'step_errored' && this.#onFailure(event.step_id) === 'fail_task';
    if (failsTask) this.#noteWhileRunning('failed while workers run');
  }

  #created(step: CreatedStep): void {
    if (step.batch === undefined) {
      this.#frame.set(step.id, step);
      const isFanOut = this.#template.steps[step.template_index!]!.type === 'batchable';
      this.#note('fan-out behind a decision', isFanOut && step.provenance.created_by === 'decision_point');
      return;
    }
    const batch = this.#batches.get(this.#batchBehind(step.provenance.parent_step_id!));
    const { index } = step.batch;
    this.#must(batch !== undefined && !batch.indexes.has(index), `${step.name} is the one worker of its item`);
    this.#must(step.id === `${step.provenance.parent_step_id}.${index}`, `${step.name} has a derived id`);
    batch!.indexes.add(index);
    this.#workers.set(step.id, { batch: batch!, index, started: false });
  }

  /** A fan-out's result, the window and all workers are one commit; no items converge in it. */
  #opened(
    event: Extract<TaskEvent, { kind: 'step_completed' | 'step_resolved_manually' }>,
    window: BatchWindow,
    following: readonly TaskEvent[],
  ): void {
    const id = this.#batchBehind(event.step_id);
    const { name } = this.#frame.get(id)!;
    this.#must(!this.#batches.has(id), `${name} is opened once`);
    const fresh = { indexes: new Set<number>(), inFlight: new Set<string>(), failed: new Set<string>() };
    this.#batches.set(id, { name, window, ...fresh, done: new Set(), state: 'open' });
    const given = (event.result as { readonly items: readonly Json[] }).items;
    const spawned = following.flatMap((each) => (each.kind === 'steps_created' ? each.steps : []));
    const items = spawned.flatMap(({ batch, provenance }) =>
      batch !== undefined && provenance.parent_step_id === event.step_id ? [batch.item] : [],
    );
    this.#must(isDeepStrictEqual(items, given), `${name} has one worker for each item, in order`);
    this.#must(window.workers === given.length, `the window of ${name} is of its items`);
    const converges = following.some((each) => each.kind === 'batch_converged' && each.step_id === id);
    this.#must(given.length > 0 || this.#paused || converges, `${name} converges at once without items`);
    this.#note('no items', given.length === 0);
    this.#note('unlimited window', window.max_concurrency === 0 && given.length > 3);
    const { count, percentage } = window.tolerance;
    this.#note('no tolerance', count === null && percentage === null);
    this.#note('both limits', count !== null && percentage !== null);
  }

  #ofWorker(worker: Worker, event: Extract<TaskEvent, { step_id: string }>): void {
    const { batch } = worker;
    const { step_id: id, kind } = event;
    switch (kind) {
      case 'step_enqueued':
      case 'step_waiting_for_worker':
        this.#must(batch.state === 'open' || batch.inFlight.has(id), `${batch.name} is ${batch.state}, starts nobody`);
        this.#note('worker without component', kind === 'step_waiting_for_worker');
        batch.inFlight.add(id);
        worker.started = true;
        break;
      case 'step_errored':
        this.#note('worker whose values are refused', event.failure.code === 'values_refused');
        batch.inFlight.delete(id);
        batch.failed.add(id);
        break;
      case 'step_completed':
      case 'step_resolved_manually': {
        const skipped = [...this.#workers.values()].some(
          (each) => each.batch === batch && each.index < worker.index && !each.started,
        );
        this.#note('worker resolved by an operator', kind === 'step_resolved_manually');
        this.#note('worker resolved before its turn', kind === 'step_resolved_manually' && skipped);
        this.#must(!batch.done.has(id), `a worker of ${batch.name} has one result`);
        batch.inFlight.delete(id);
        batch.failed.delete(id);
        batch.done.add(id);
        break;
      }
      case 'step_retry_scheduled':
      case 'step_suspended':
      case 'step_cancelled':
        // A task cancels in the order of creation, so the batch comes before its workers there, too.
        this.#note('worker retried', kind === 'step_retry_scheduled');
        this.#note('worker suspended', kind === 'step_suspended');
        this.#must(
          kind !== 'step_cancelled' || batch.state !== 'open',
          `${batch.name} cancels nobody while it is open`,
        );
        batch.inFlight.delete(id);
        break;
      case 'step_retried_by_operator':
        this.#note('worker retried by an operator', batch.failed.has(id));
        batch.failed.delete(id);
        break;
      case 'step_signalled':
        this.#note('worker woken by a signal', true);
        break;
      case 'step_deadline_fired':
        this.#note('worker woken by a deadline', true);
        break;
    }
    const { max_concurrency } = batch.window;
    this.#must(max_concurrency === 0 || batch.inFlight.size <= max_concurrency, `${batch.name} keeps its window`);
    this.#note('full window', batch.inFlight.size > 1 && batch.inFlight.size === max_concurrency);
  }

  #ofBatch(batch: BatchRun, event: Extract<TaskEvent, { step_id: string }>, following: readonly TaskEvent[]): void {
    const failures = batch.failed.size;
    const { count, percentage } = batch.window.tolerance;
    switch (event.kind) {
      case 'batch_converged': {
        this.#must(
          batch.done.size + failures === batch.window.workers,
          `${batch.name} converges when all have settled`,
        );
        this.#must(!this.#isBeyond(batch), `${batch.name} converges with ${failures} failures, more than it tolerates`);
        const counted = event.counts.complete === batch.done.size && event.counts.error === failures;
        this.#must(counted, `${batch.name} counts its workers`);
        this.#must(batch.state === 'open', `${batch.name} converges once`);
        batch.state = 'converged';
        this.#note('one failure below the count', count !== null && count > 0 && failures === count - 1);
        this.#note('as many failures as the count', count !== null && count > 0 && failures === count);
        this.#note('failures within the percentage', percentage !== null && failures > 0);
        break;
      }
      case 'step_errored':
        this.#must(this.#isBeyond(batch), `${batch.name} fails with ${failures} failures, which it tolerates`);
        batch.state = 'failed';
        this.#note('one failure beyond the count', count !== null && count > 0 && failures === count + 1);
        this.#note('failures beyond the percentage', count === null && percentage !== null);
        this.#note(
          'rest cancelled with a batch that is let pass',
          this.#onFailure(event.step_id) === 'continue' &&
            following.some(
              (each) => each.kind === 'step_cancelled' && this.#workers.get(each.step_id)?.batch === batch,
            ),
        );
        if (this.#onFailure(event.step_id) === 'fail_task') this.#noteWhileRunning('failed while workers run');
        break;
      case 'step_resolved_manually':
        batch.state = 'resolved';
        this.#note('batch resolved by an operator', true);
        break;
      case 'step_retried_by_operator':
        batch.state = 'open';
        this.#note('batch retried by an operator', true);
        break;
      case 'step_cancelled':
        batch.state = 'cancelled';
        break;
      default:
        throw new Error(`broken: ${batch.name} is a batch and never has ${event.kind}`);
    }
  }

  #isBeyond({ failed, window: { workers, tolerance } }: BatchRun): boolean {
    const { count, percentage } = tolerance;
    if (count === null && percentage === null) return failed.size > 0;
    return failed.size > (count ?? Number.POSITIVE_INFINITY) || (100 * failed.size) / workers > (percentage ?? 100);
  }

  /** The id of the template's worker step that a fan-out gives its items to. */
  #batchBehind(fanOutId: string): string {
    const found = [...this.#frame.values()].find(
      ({ id, dependencies }) => this.#typeOf(id) === 'batch_worker' && dependencies[0] === fanOutId,
    );
    if (found === undefined) throw new Error(`broken: fan-out ${fanOutId} has a batch`);
    return found.id;
  }

  #typeOf(id: string): string {
    return this.#template.steps[this.#frame.get(id)!.template_index!]!.type;
  }

  #onFailure(id: string): string {
    return this.#template.steps[this.#frame.get(id)!.template_index!]!.on_failure;
  }

  #noteWhileRunning(situation: Situation): void {
    this.#note(
      situation,
      [...this.#batches.values()].some(({ state, inFlight }) => state === 'open' && inFlight.size > 0),
    );
  }

  #note(situation: Situation, holds: boolean): void {
    if (holds) this.seen.add(situation);
  }

  #must(holds: boolean, what: string): void {
    if (!holds) throw new Error(`broken: ${what}`);
  }
}
