import { randomUUIDv7 } from 'node:crypto';
import { WeftError } from '../../kernel/errors.ts';
import type { Hooks } from '../../kernel/hooks/hooks.ts';
import type { JsonObject } from '../../kernel/json.ts';
import { canonicalJson } from '../../kernel/schema/canonical.ts';
import type { Command } from '../../kernel/task/commands.ts';
import type { OperatorAct, TaskEvent } from '../../kernel/task/events.ts';
import { type StepState, stepNamed, type TaskState } from '../../kernel/task/state.ts';
import { isSettled } from '../../kernel/task/task_machine.ts';
import type { CompiledTemplate } from '../../kernel/template/types.ts';
import { verified } from '../blobs/inflate.ts';
import type { Catalog } from '../catalog/catalog.ts';
import { sha256 } from '../digest.ts';
import type { Retention } from '../retention/retention.ts';
import type { Store, TaskSummary } from '../store/port.ts';
import type { TemplateChecker } from '../template/checker.ts';
import { inspect } from '../template/inspect.ts';
import { deadLetterView } from './dead_letters.ts';
import type { Orchestrator } from './orchestrator.ts';
import type { DeadLetterView, Engine, NumberedEvent, StepView, Submission, TaskView, TemplateSource } from './port.ts';
import type { Templates } from './templates.ts';
import { stepView, taskView } from './views.ts';
import type { Watchers } from './watchers.ts';

/** What the engine is made of. */
export interface EngineOptions {
  readonly orchestrator: Orchestrator;
  readonly templates: Templates;
  readonly store: Store;
  readonly retention: Retention;
  readonly catalog: Catalog;
  readonly handlerFiles: Engine['handlerFiles'];
  readonly checker: TemplateChecker;
  readonly hooks: Hooks;
  readonly watchers: Watchers;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const WATCH_PAGE = 500;

/** The engine as the API and the command line use it. */
export function createEngine(options: EngineOptions): Engine {
  const { orchestrator, templates, checker, store, catalog, retention, now } = options;
  const viewTask = (state: TaskState): TaskView => taskView(state, orchestrator.claimOf);

  const operate = (
    taskId: string,
    kind: 'cancel' | 'pause' | 'resume' | 'resolve',
    act: OperatorAct,
  ): Promise<TaskView> => orchestrator.perform(taskId, { kind, at: now(), ...act }, viewTask);

  /** Steps are named by id or by name; which step that is, is asked in a turn of its own. */
  const stepId = (taskId: string, step: string): Promise<string> =>
    orchestrator.look(taskId, (state) => findStep(state, step).id);

  const onStep = async (taskId: string, step: string, command: (id: string) => Command): Promise<StepView> => {
    const id = await stepId(taskId, step);
    return orchestrator.perform(taskId, command(id), (state) =>
      stepView(state, findStep(state, id), orchestrator.claimOf),
    );
  };

  const showDeadLetter = async (taskId: string, step: string): Promise<DeadLetterView> => {
    const events = await store.readEvents(taskId, 0, Number.MAX_SAFE_INTEGER);
    return orchestrator.look(taskId, (state) => {
      const found = findStep(state, step);
      if (found.dead_letter === undefined) {
        throw new WeftError('dead_letter_not_found', { step: found.name, status: found.status });
      }
      return deadLetterView(state, found, events);
    });
  };

  const onDeadLetter = async (
    taskId: string,
    step: string,
    command: (id: string) => Command,
  ): Promise<DeadLetterView> => {
    await orchestrator.perform(taskId, command(await stepId(taskId, step)), () => undefined);
    return showDeadLetter(taskId, step);
  };

  return {
    async submit(given) {
      const submission = { ...given, context: ownCopy(given.context) };
      const compiled = accept(checker, submission);
      const key = submission.idempotency_key;
      const { namespace } = compiled.template;
      const body_digest = key === undefined ? '' : bodyDigest(compiled, submission.context);
      const repeated = async (): Promise<{ task: TaskView; created: false } | undefined> => {
        const made = key === undefined ? undefined : await store.findIdempotent(namespace, key);
        if (made === undefined) return undefined;
        if (made.body_digest !== body_digest) {
          throw new WeftError('idempotency_conflict', { key: key!, task_id: made.task_id });
        }
        return { task: await orchestrator.look(made.task_id, viewTask), created: false };
      };

      const before = await repeated();
      if (before !== undefined) return before;
      await templates.keep(compiled);
      try {
        const idempotency = key === undefined ? {} : { idempotency: { key, body_digest } };
        const command = createCommand(submission, now());
        askPlugins(options.hooks, command.task_id, compiled);
        const task = await orchestrator.create(command, { compiled, ...idempotency }, viewTask);
        return { task, created: true };
      } catch (error) {
        // Another submission with the key was first.
        const first =
          error instanceof WeftError && error.code === 'idempotency_conflict' ? await repeated() : undefined;
        if (first !== undefined) return first;
        throw error;
      }
    },

    async check(source: TemplateSource, context?: JsonObject) {
      return inspect(checker, source, context);
    },

    task: (taskId) => orchestrator.look(taskId, viewTask),
    tasks: (query) => store.listTasks(query),
    step: (taskId, step) =>
      orchestrator.look(taskId, (state) => stepView(state, findStep(state, step), orchestrator.claimOf)),

    async events(taskId, afterSeq, limit) {
      await summaryOf(store, taskId);
      return store.readEvents(taskId, afterSeq, limit);
    },

    async *watch(taskId, afterSeq, signal) {
      // Before the store is looked at: what becomes durable meanwhile is read, or heard, or both.
      const watcher = options.watchers.watch(taskId, signal);
      try {
        let seq = afterSeq;
        // Who follows what was just submitted has missed nothing, and the store need not be asked.
        const lastSeq = orchestrator.lastSeq(taskId);
        let isBehind = lastSeq === undefined || lastSeq > afterSeq;
        const settled = isBehind && isSettled((await summaryOf(store, taskId)).status);
        while (!signal.aborted) {
          const events: readonly NumberedEvent[] | undefined = isBehind
            ? await store.readEvents(taskId, seq, WATCH_PAGE)
            : await watcher.next();
          for (const numbered of events ?? []) {
            if (numbered.seq > seq) yield numbered;
            if (endsTask(numbered.event)) return;
            seq = Math.max(seq, numbered.seq);
          }
          isBehind = events === undefined || (isBehind && events.length === WATCH_PAGE);
          if (!isBehind && settled) return;
        }
      } finally {
        watcher.close();
      }
    },

    cancel: (taskId, act) => operate(taskId, 'cancel', act),
    pause: (taskId, act) => operate(taskId, 'pause', act),
    resume: (taskId, act) => operate(taskId, 'resume', act),
    resolve: (taskId, act) => operate(taskId, 'resolve', act),

    retryStep: (taskId, step, act) =>
      onStep(taskId, step, (step_id) => ({ kind: 'retry_step', at: now(), step_id, ...act })),
    resolveStep: (taskId, step, resolution, act) => {
      const own = ownCopy(resolution);
      return onStep(taskId, step, (step_id) => ({ kind: 'resolve_step', at: now(), step_id, ...own, ...act }));
    },
    signal: (taskId, step, signal, actor) => {
      const own = ownCopy(signal);
      return onStep(taskId, step, (step_id) => ({ kind: 'signal', at: now(), step_id, ...own, ...actor }));
    },

    waiting: (query) => store.listWaiting(query),

    deadLetters: (query) => store.listDeadLetters(query),
    deadLetterCounts: () => store.countDeadLetters(),
    deadLetter: (taskId, step) => showDeadLetter(taskId, step),
    noteDeadLetter: (taskId, step, note) =>
      onDeadLetter(taskId, step, (step_id) => ({ kind: 'note_dead_letter', at: now(), step_id, ...note })),
    closeDeadLetter: (taskId, step, act) =>
      onDeadLetter(taskId, step, (step_id) => ({ kind: 'close_dead_letter', at: now(), step_id, ...act })),

    removeTask: (taskId, how, act) => retention.remove(taskId, how, act),
    retention: () => retention.show(),
    runRetention: (how, act) => retention.run(how, act),
    async blob(digest) {
      const data = await store.readBlob(digest);
      if (data === undefined) throw new WeftError('blob_not_found', { digest });
      return verified(digest, data, 'the store');
    },
    handlers: () => catalog.entries(),
    handlerFiles: options.handlerFiles,

    async health() {
      const answer = await store.countTasks().then(
        () => 'ok',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      const handlers = `${catalog.entries().length} registered`;
      const waiting = options.hooks.unsettled().map(({ plugin, hook }) => `${plugin} (${hook})`);
      const plugins = waiting.length === 0 ? 'ok' : `not settled: ${waiting.join(', ')}`;
      return { ready: answer === 'ok', checks: { store: answer, handlers, plugins } };
    },
  };
}

/** @throws template_invalid, context_invalid, with every diagnostic */
function accept(checker: TemplateChecker, { template, context }: Submission): CompiledTemplate {
  const { compiled, diagnostics } = checker.check(template);
  if (compiled === undefined) {
    const count = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length;
    throw new WeftError('template_invalid', { count }, { diagnostics });
  }
  const ofContext = checker.checkContext(compiled, context);
  if (ofContext.length > 0)
    throw new WeftError('context_invalid', { count: ofContext.length }, { diagnostics: ofContext });
  return compiled;
}

/** @throws steps_refused when a plugin refuses the frame */
function askPlugins(hooks: Hooks, task_id: string, { steps }: CompiledTemplate): void {
  const refusal = hooks.call('beforeMaterialization', {
    task_id,
    created_by: 'template',
    steps: steps.map(({ definition: { name, type }, handler_name }) => ({ name, type, handler: handler_name })),
  });
  if (refusal !== undefined) throw new WeftError('steps_refused', { problem: refusal });
}

function createCommand(submission: Submission, at: number): Extract<Command, { kind: 'create' }> {
  const { principal, context, idempotency_key, traceparent, paused } = submission;
  return {
    kind: 'create',
    at,
    task_id: randomUUIDv7(),
    context,
    submitted_by: principal,
    ...(idempotency_key === undefined ? {} : { idempotency_key }),
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(paused === true ? { paused: { by: principal, reason: 'submitted paused' } } : {}),
  };
}

/** Values as the journal will have them: what a caller in this process does with its own later must not reach a task. */
function ownCopy<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function bodyDigest(compiled: CompiledTemplate, context: JsonObject): string {
  return sha256(canonicalJson({ template: compiled.digest, context }));
}

function findStep(state: TaskState, step: string): StepState {
  const found = state.steps.get(step) ?? stepNamed(state, step);
  if (found !== undefined) return found;
  const steps = [...state.steps.values()].map((each) => each.name);
  throw new WeftError('step_not_found', { task_id: state.head.id, step, steps });
}

async function summaryOf(store: Store, taskId: string): Promise<TaskSummary> {
  const summary = await store.readSummary(taskId);
  if (summary === undefined) throw new WeftError('task_not_found', { task_id: taskId });
  return summary;
}

function endsTask(event: TaskEvent): boolean {
  return event.kind === 'task_status_changed' && isSettled(event.to);
}
