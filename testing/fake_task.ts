import { parse } from 'yaml';
import type { HandlerFile } from '../host/catalog/handler_files.ts';
import type { GraphView, StepView, TaskView, TemplateSource } from '../host/orchestrator/port.ts';
import type { WaitingRow } from '../host/store/port.ts';
import type { CatalogEntry } from '../kernel/capability/types.ts';
import type { Diagnostic } from '../kernel/diagnostics.ts';
import { WeftError } from '../kernel/errors.ts';
import type { JsonObject } from '../kernel/json.ts';
import type { CreatedStep, TaskEvent } from '../kernel/task/events.ts';
import { isSettled } from '../kernel/task/task_machine.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
/** A step that a fold may change. */
export type Step = Mutable<StepView>;

/** A task that a fold may change. */
export interface Task extends Omit<Mutable<TaskView>, 'steps'> {
  steps: Step[];
}

/** A template of one step, as YAML, that the fake accepts. */
export const FAKE_TEMPLATE = 'name: one_step\nsteps: [{name: only}]\n';

/** A template text that the fake refuses with two problems and a warning. */
export const BROKEN_TEMPLATE = 'name: broken\nstepz: []\n';

const DIAGNOSTICS: readonly Diagnostic[] = [
  {
    code: 'unknown_key',
    severity: 'error',
    stage: 'schema',
    pointer: '/stepz',
    message: '"stepz" is not known here',
    expected: ['name', 'steps'],
    got: 'stepz',
    suggestion: 'did you mean "steps"?',
    line: 2,
    column: 1,
  },
  { code: 'missing_key', severity: 'error', stage: 'schema', pointer: '', message: '"steps" is missing' },
  { code: 'no_description', severity: 'warning', stage: 'schema', pointer: '', message: 'there is no description' },
];

/** A file that the fake has refused. */
export const HANDLER_FILE: HandlerFile = {
  file: '/components/broken.wasm',
  status: 'refused',
  since: 1_767_225_600_000,
  offers: [],
  stage: 'structure',
  diagnostics: [
    {
      code: 'component_malformed',
      severity: 'error',
      stage: 'handlers',
      pointer: '',
      message: 'it is no component',
      file: '/components/broken.wasm',
    },
  ],
  examples: null,
};

/** The only handler of the fake's catalog. */
export const HANDLER: CatalogEntry = {
  name: 'transform',
  version: '1.0.0',
  digest: `sha256:${'0'.repeat(64)}`,
  capability: {
    name: 'transform',
    version: '1.0.0',
    title: 'Transform',
    description: 'Computes a value from others.',
    category: 'data',
    configSchema: { type: 'object' },
    inputSchema: { type: 'object' },
    outputSchema: { type: 'object' },
    annotations: { readOnlyHint: true },
    errors: [{ code: 'expression_failed', retryable: false, description: 'The expression could not be evaluated.' }],
    imports: [],
    resources: { network: false, typicalLatencyMs: 5, memoryMb: 16, costPerCallUsd: 0 },
    composition: { usedWith: [], examples: [] },
  },
};

/** The document of a template. @throws template_invalid */
export function read(template: TemplateSource): JsonObject {
  const document = (template.kind === 'text' ? parse(template.text) : template.document) as JsonObject;
  if ('steps' in document) return document;
  const file = template.kind === 'text' && template.file !== undefined ? { file: template.file } : {};
  const diagnostics = DIAGNOSTICS.map((diagnostic) => ({ ...diagnostic, ...file }));
  throw new WeftError('template_invalid', { count: 2 }, { diagnostics });
}

/** A task of which nothing has happened. */
export function newTask(
  task_id: string,
  template_name: string,
  context: JsonObject,
  submitted_by: string,
  at: number,
): Task {
  return {
    task_id,
    template_name,
    template_version: '1.0.0',
    template_digest: HANDLER.digest,
    namespace: 'default',
    status: 'pending',
    paused: false,
    submitted_by,
    created_at: at,
    updated_at: at,
    settled_at: null,
    reason: null,
    context,
    seq: 0,
    steps: [],
  };
}

/** A step as `steps_created` records it. */
export function created(id: string, name: string): CreatedStep {
  const { digest, version } = HANDLER;
  const pin = { name: 'transform', version, digest };
  return { id, name, template_index: 0, dependencies: [], pin, provenance: { created_by: 'template' } };
}

/** Changes a task's view as an event says: only what tests look at. */
export function fold(task: Task, event: TaskEvent): void {
  if (event.kind === 'steps_created')
    for (const { id, name } of event.steps) task.steps.push(newStep(id, name, event.at));
  if (event.kind === 'task_paused' || event.kind === 'task_resumed') task.paused = event.kind === 'task_paused';
  if (event.kind === 'task_status_changed') {
    task.status = event.to;
    if (isSettled(event.to)) task.settled_at = event.at;
  }
  if (!('step_id' in event)) return;
  const step = task.steps.find(({ step_id }) => step_id === event.step_id)!;
  if (event.kind === 'dead_letter_opened') step.dead_letter = { reason: event.reason, state: 'open' };
  if (event.kind === 'dead_letter_closed') step.dead_letter = { ...step.dead_letter!, state: 'resolved' };
  step.waiting_for = null;
  switch (event.kind) {
    case 'step_enqueued':
      step.status = 'enqueued';
      step.attempt = event.attempt;
      break;
    case 'step_completed':
    case 'step_resolved_manually':
      step.status = event.kind === 'step_completed' ? 'complete' : 'resolved_manually';
      step.result = event.result;
      step.settled_at = event.at;
      break;
    case 'step_errored':
      step.status = 'error';
      step.failure = { ...event.failure } as JsonObject;
      break;
    case 'step_suspended':
      step.status = 'waiting_for_input';
      step.waiting_for = { request: event.request, signals: event.signals, deadlines: event.deadlines };
      break;
    case 'step_signalled':
    case 'step_retried_by_operator':
      step.status = 'enqueued';
      break;
  }
}

function newStep(step_id: string, name: string, created_at: number): Step {
  const { version, digest } = HANDLER;
  return {
    step_id,
    name,
    type: 'standard',
    status: 'pending',
    handler: { name: 'transform', version, digest },
    dependencies: [],
    attempt: 0,
    max_attempts: 3,
    created_by: 'template',
    planned: null,
    created_at,
    enqueued_at: null,
    settled_at: null,
    in_progress: null,
    result: null,
    branch: null,
    failure: null,
    retry_at: null,
    waiting_for: null,
    receipt: null,
    resolved: null,
    dead_letter: null,
  };
}

/** The row of the waiting list for a step, when it waits. */
export function waitingRow(task: Task, step: Step): readonly WaitingRow[] {
  if (step.waiting_for === null) return [];
  const { task_id, template_name, updated_at: since } = task;
  const { request, signals } = step.waiting_for;
  const { step_id, name: step_name } = step;
  return [{ task_id, step_id, step_name, template_name, request, signals, since, next_deadline_at: null }];
}

/** A graph of two steps. */
export function graphOf(name: string): GraphView {
  const nodes = ['first', 'second'].map((node) => ({
    name: node,
    type: 'standard',
    handler: 'transform',
    gated: false,
  }));
  return { name, version: '1.0.0', nodes, edges: [{ from: 'first', to: 'second', kind: 'dependency' }] };
}
