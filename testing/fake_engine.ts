import { randomUUIDv7 } from 'node:crypto';
import { EventEmitter, on } from 'node:events';
import type { DeadLetterView, Engine, NumberedEvent, RetiredTask, TaskView } from '../host/orchestrator/port.ts';
import { WeftError } from '../kernel/errors.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Principal, TaskEvent } from '../kernel/task/events.ts';
import { isSettled } from '../kernel/task/task_machine.ts';
import { fakeDeadLetter, isWanted } from './fake_dead_letters.ts';
import {
  created,
  fold,
  graphOf,
  HANDLER,
  HANDLER_FILE,
  newTask,
  read,
  type Step,
  type Task,
  waitingRow,
} from './fake_task.ts';

/** An event without its time. */
type Happening = TaskEvent extends infer E ? (E extends TaskEvent ? Omit<E, 'at'> : never) : never;

/** An `Engine` in memory that runs nothing: tests say what happens in it. */
export interface FakeEngine extends Engine {
  /** Appends events to a task, changes its view as they say, and wakes its watchers. */
  happen(task_id: string, ...events: readonly Happening[]): void;
  /** A task whose one step waits at a gate for `role:manager`, or for anybody. */
  gate(options?: { readonly audience?: readonly string[] }): TaskView;
  /** A task whose one step, `post`, is in the list of dead letters, and holds it up. */
  blocked(): TaskView;
  /** Called after each submission. */
  onSubmit: (task: TaskView) => void;
  /** Called with each operator act and signal, as `cancel` or `signal`. */
  onAct: (name: string, by: Principal, details: unknown) => void;
  ready: boolean;
  /** Large values by digest. */
  readonly blobs: Map<string, Uint8Array>;
}

/** Makes a fake engine. Its clock starts at 1,000 and advances by 5 ms with every event. */
export function fakeEngine(): FakeEngine {
  const tasks = new Map<string, { task: Task; events: NumberedEvent[] }>();
  const keys = new Map<string, { task_id: string; body: string }>();
  const changes = new EventEmitter().setMaxListeners(0);
  let now = 1_000;

  const entry = (task_id: string) => {
    const found = tasks.get(task_id);
    if (found === undefined) throw new WeftError('task_not_found', { task_id });
    return found;
  };
  const stepOf = (task_id: string, step: string): Step => {
    const { steps } = entry(task_id).task;
    const found = steps.find(({ step_id, name }) => step_id === step || name === step);
    if (found !== undefined) return found;
    throw new WeftError('step_not_found', { task_id, step, steps: steps.map(({ name }) => name) });
  };
  const deadLetterOf = (task_id: string, step: Step): DeadLetterView =>
    fakeDeadLetter(entry(task_id).task, step, entry(task_id).events);
  const everyEntry = (): readonly DeadLetterView[] =>
    [...tasks.values()].flatMap(({ task, events }) =>
      task.steps.flatMap((step) => (step.dead_letter === null ? [] : [fakeDeadLetter(task, step, events)])),
    );
  const create = (name: string, context: JsonObject, principal: Principal): TaskView => {
    const task_id = randomUUIDv7();
    tasks.set(task_id, { task: newTask(task_id, name, context, principal, now), events: [] });
    const template = { name, namespace: 'default', version: '1.0.0', digest: HANDLER.digest };
    engine.happen(task_id, { kind: 'task_created', task_id, template, context, submitted_by: principal });
    return entry(task_id).task;
  };
  const act = (name: string, task_id: string, by: Principal, details: unknown, ...events: readonly Happening[]) => {
    const { task } = entry(task_id);
    if (isSettled(task.status)) throw new WeftError('task_settled', { task_id, status: task.status });
    engine.happen(task_id, ...events);
    engine.onAct(name, by, details);
    return task;
  };

  const settled = (): Task[] => [...tasks.values()].map(({ task }) => task).filter((task) => task.settled_at !== null);
  const retired = ({ task_id, template_name, status, settled_at }: Task, archived: boolean): RetiredTask => ({
    task_id,
    template_name,
    status,
    settled_at: settled_at!,
    action: archived ? 'archive' : 'remove',
    archive: archived ? `/archive/${task_id}.jsonl.gz` : null,
    problem: null,
  });

  const engine: FakeEngine = {
    ready: true,
    blobs: new Map(),
    onSubmit: () => undefined,
    onAct: () => undefined,

    happen(task_id, ...events) {
      const { task, events: journal } = entry(task_id);
      for (const happening of events) {
        now += 5;
        const event = { ...happening, at: now } as TaskEvent;
        task.seq += 1;
        task.updated_at = now;
        journal.push({ seq: task.seq, event });
        fold(task, event);
      }
      changes.emit(task_id);
    },

    gate({ audience = ['role:manager'] } = {}) {
      const { task_id } = create('approval', { amount: 7000 }, 'tester');
      const step_id = `${task_id}.0`;
      const at = { step_id, attempt: 1, activation: 0 };
      engine.happen(
        task_id,
        { kind: 'steps_created', steps: [created(step_id, 'approve')] },
        { kind: 'step_enqueued', ...at },
        { kind: 'task_status_changed', to: 'running' },
        {
          kind: 'step_suspended',
          ...at,
          state: null,
          request: { title: 'Approve 7000?', audience },
          signals: { type: 'object' },
          deadlines: [],
        },
        { kind: 'task_status_changed', to: 'waiting' },
      );
      return entry(task_id).task;
    },

    blocked() {
      const { task_id } = create('posting', {}, 'tester');
      const at = { step_id: `${task_id}.0`, attempt: 3, activation: 0 };
      const failure = { code: 'http_status', message: '503 from the server', retryable: true };
      const { code, message } = failure;
      engine.happen(
        task_id,
        { kind: 'steps_created', steps: [created(at.step_id, 'post')] },
        { kind: 'step_enqueued', ...at },
        { kind: 'task_status_changed', to: 'running' },
        { kind: 'step_errored', ...at, failure },
        { kind: 'dead_letter_opened', step_id: at.step_id, attempt: 3, reason: 'exhausted', code, message },
        { kind: 'task_status_changed', to: 'blocked_by_failures' },
      );
      return entry(task_id).task;
    },

    async submit({ template, context, principal, idempotency_key }) {
      const document = read(template);
      const body = JSON.stringify([document, context]);
      const made = idempotency_key === undefined ? undefined : keys.get(idempotency_key);
      if (made !== undefined && made.body !== body) {
        throw new WeftError('idempotency_conflict', { key: idempotency_key!, task_id: made.task_id });
      }
      if (made !== undefined) return { task: entry(made.task_id).task, created: false };
      const { task_id } = create(String(document['name']), context, principal);
      if (idempotency_key !== undefined) keys.set(idempotency_key, { task_id, body });
      engine.happen(task_id, { kind: 'steps_created', steps: [created(`${task_id}.0`, 'only')] });
      engine.onSubmit(entry(task_id).task);
      return { task: structuredClone(entry(task_id).task), created: true };
    },

    async check(template) {
      try {
        return { diagnostics: [], graph: graphOf(String(read(template)['name'])) };
      } catch (error) {
        return { diagnostics: (error as WeftError).diagnostics };
      }
    },

    task: async (task_id) => entry(task_id).task,
    async tasks({ status, template, cursor, limit }) {
      const rows = [...tasks.values()].map(({ task }) => task).reverse();
      const asked = rows.filter(
        (task) => (status?.includes(task.status) ?? true) && task.template_name === (template ?? task.template_name),
      );
      const start = Number(cursor ?? 0);
      const items = asked.slice(start, start + limit);
      return start + limit < asked.length ? { items, next_cursor: String(start + limit) } : { items };
    },
    step: async (task_id, step) => stepOf(task_id, step),
    async events(task_id, after, limit) {
      return entry(task_id)
        .events.filter(({ seq }) => seq > after)
        .slice(0, limit);
    },
    async *watch(task_id, after, signal) {
      let seq = after;
      const { task, events } = entry(task_id);
      const changed = on(changes, task_id);
      try {
        for (;;) {
          while (events.length > seq) yield events[seq++]!;
          if (isSettled(task.status) || signal.aborted) return;
          const abort = new Promise<void>((resolve) =>
            signal.addEventListener('abort', () => resolve(), { once: true }),
          );
          await Promise.race([changed.next(), abort]);
        }
      } finally {
        await changed.return?.();
      }
    },

    cancel: async (id, by) =>
      act(
        'cancel',
        id,
        by.by,
        by,
        { kind: 'task_cancel_requested', ...by },
        { kind: 'task_status_changed', to: 'cancelled' },
      ),
    pause: async (id, by) => act('pause', id, by.by, by, { kind: 'task_paused', ...by }),
    resume: async (id, by) => act('resume', id, by.by, by, { kind: 'task_resumed', ...by }),
    resolve: async (id, by) =>
      act(
        'resolve',
        id,
        by.by,
        by,
        { kind: 'task_resolve_requested', ...by },
        { kind: 'task_status_changed', to: 'resolved_manually' },
      ),
    async retryStep(task_id, name, by) {
      const step = stepOf(task_id, name);
      if (step.status !== 'error') throw new WeftError('step_not_retryable', { step: step.name, status: step.status });
      act('retryStep', task_id, by.by, by, { kind: 'step_retried_by_operator', step_id: step.step_id, ...by });
      return step;
    },
    async resolveStep(task_id, name, resolution, by) {
      const step = stepOf(task_id, name);
      act(
        'resolveStep',
        task_id,
        by.by,
        { ...resolution, ...by },
        { kind: 'step_resolved_manually', step_id: step.step_id, ...resolution, ...by },
      );
      return step;
    },
    async waiting({ task_id, limit }) {
      const all = [...tasks.values()].flatMap(({ task }) => task.steps.flatMap((step) => waitingRow(task, step)));
      return { items: all.filter((row) => row.task_id === (task_id ?? row.task_id)).slice(0, limit) };
    },
    async signal(task_id, name, { signal_id, data, reason }, { principal, roles }) {
      const step = stepOf(task_id, name);
      if (step.status !== 'waiting_for_input')
        throw new WeftError('step_not_waiting', { step: step.name, status: step.status });
      const audience = step.waiting_for!.request['audience'] as readonly string[];
      const names = [principal, ...roles.map((role) => `role:${role}`)];
      if (audience.length > 0 && !audience.some((asked) => names.includes(asked))) {
        throw new WeftError('signal_forbidden', { principal, step: step.name, audience });
      }
      const signal = { id: signal_id, at: now, principal, roles, data, ...(reason === undefined ? {} : { reason }) };
      act('signal', task_id, principal, signal, { kind: 'step_signalled', step_id: step.step_id, signal });
      return step;
    },
    async deadLetters({ limit, cursor: _cursor, ...filter }) {
      return {
        items: everyEntry()
          .filter((row) => isWanted(row, filter))
          .slice(0, limit),
      };
    },
    async deadLetterCounts() {
      const counts: Record<string, number> = {};
      for (const { state, reason } of everyEntry()) if (state === 'open') counts[reason] = (counts[reason] ?? 0) + 1;
      return counts;
    },
    deadLetter: async (task_id, step) => deadLetterOf(task_id, stepOf(task_id, step)),
    async noteDeadLetter(task_id, name, note) {
      const step = stepOf(task_id, name);
      deadLetterOf(task_id, step);
      engine.happen(task_id, { kind: 'dead_letter_noted', step_id: step.step_id, ...note });
      engine.onAct('noteDeadLetter', note.by, note);
      return deadLetterOf(task_id, step);
    },
    async closeDeadLetter(task_id, name, by) {
      const step = stepOf(task_id, name);
      const { state } = deadLetterOf(task_id, step);
      if (state !== 'open') throw new WeftError('dead_letter_closed', { step: step.name, state });
      engine.happen(task_id, { kind: 'dead_letter_closed', step_id: step.step_id, ...by });
      engine.onAct('closeDeadLetter', by.by, by);
      return deadLetterOf(task_id, step);
    },
    async removeTask(task_id, { archive }, by) {
      const { task } = entry(task_id);
      if (task.settled_at === null) throw new WeftError('task_not_settled', { task_id, status: task.status });
      tasks.delete(task_id);
      engine.onAct('removeTask', by.by, by);
      return retired(task, archive);
    },
    retention: async () => ({
      rules: [{ status: 'complete', action: 'archive', after_hours: 1, due: settled().length }],
      archive_directory: '/archive',
      store: { bytes: 8192, free_bytes: 4096 },
      acts: [{ at: now, act: 'run', by: 'ada', reason: 'room', details: { removed: 1 } }],
    }),
    async runRetention({ dry_run, limit }, by) {
      const due = settled();
      const taken = due.slice(0, limit).map((task) => retired(task, true));
      if (!dry_run) for (const { task_id } of taken) await engine.removeTask(task_id, { archive: true }, by);
      return { dry_run, tasks: taken, more: due.length > limit };
    },
    async blob(digest) {
      const data = engine.blobs.get(digest);
      if (data === undefined) throw new WeftError('blob_not_found', { digest });
      return data;
    },
    handlers: () => [HANDLER],
    handlerFiles: () => [HANDLER_FILE],
    health: async () => ({ ready: engine.ready, checks: { store: engine.ready ? 'ok' : 'disk full' } }),
  };
  return engine;
}
