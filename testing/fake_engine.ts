import { randomUUIDv7 } from 'node:crypto';
import { EventEmitter, on } from 'node:events';
import type { Engine, NumberedEvent, TaskView } from '../host/orchestrator/port.ts';
import { WeftError } from '../kernel/errors.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { Principal, TaskEvent } from '../kernel/task/events.ts';
import { isSettled } from '../kernel/task/task_machine.ts';
import { created, fold, graphOf, HANDLER, newTask, read, type Step, type Task, waitingRow } from './fake_task.ts';

/** An event without its time. */
type Happening = TaskEvent extends infer E ? (E extends TaskEvent ? Omit<E, 'at'> : never) : never;

/** An `Engine` in memory that runs nothing: tests say what happens in it. */
export interface FakeEngine extends Engine {
  /** Appends events to a task, changes its view as they say, and wakes its watchers. */
  happen(task_id: string, ...events: readonly Happening[]): void;
  /** A task whose one step waits at a gate for `role:manager`, or for anybody. */
  gate(options?: { readonly audience?: readonly string[] }): TaskView;
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
    async blob(digest) {
      const data = engine.blobs.get(digest);
      if (data === undefined) throw new WeftError('blob_not_found', { digest });
      return data;
    },
    handlers: () => [HANDLER],
    health: async () => ({ ready: engine.ready, checks: { store: engine.ready ? 'ok' : 'disk full' } }),
  };
  return engine;
}
