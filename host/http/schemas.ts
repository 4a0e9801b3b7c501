import type { CatalogEntry } from '../../kernel/capability/types.ts';
import type { Diagnostic } from '../../kernel/diagnostics.ts';
import type { OperatorAct } from '../../kernel/task/events.ts';
import type { GraphView, NumberedEvent, StepView, TaskView } from '../orchestrator/port.ts';
import type { TaskSummary, WaitingRow } from '../store/port.ts';
import type { Problem } from './problem.ts';
import type { Schema } from './route.ts';
import type { HandlerSummary } from './routes/handlers.ts';

const text: Schema = { type: 'string' };
const count: Schema = { type: 'integer', minimum: 0 };
const flag: Schema = { type: 'boolean' };
const anything: Schema = {};
const open: Schema = { type: 'object' };
const time: Schema = { type: 'integer', description: 'Milliseconds since 1970-01-01T00:00:00Z.' };

const listOf = (items: Schema): Schema => ({ type: 'array', items });
const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });
const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/** An object with these fields, each of them required but the `optional`. A field of `T` that is forgotten does not compile. */
function object<T>(
  properties: { readonly [K in keyof Required<T>]: Schema },
  optional: readonly (keyof T)[] = [],
): Schema {
  const required = Object.keys(properties).filter((name) => !optional.includes(name as keyof T));
  return { type: 'object', properties: properties as Readonly<Record<string, Schema>>, required };
}

/** A page of rows; `next_cursor` is absent on the last. */
function pageOf(name: string): Schema {
  return object<{ items: unknown; next_cursor: string }>({ items: listOf(ref(name)), next_cursor: text }, [
    'next_cursor',
  ]);
}

const TASK_STATUS: Schema = {
  enum: ['pending', 'running', 'waiting', 'blocked_by_failures', 'complete', 'error', 'cancelled', 'resolved_manually'],
};

const STEP_STATUS: Schema = {
  enum: [
    'pending',
    'enqueued',
    'waiting_for_retry',
    'waiting_for_input',
    'waiting_for_worker',
    'complete',
    'error',
    'cancelled',
    'resolved_manually',
    'superseded',
  ],
};

const SUMMARY_FIELDS: { readonly [K in keyof TaskSummary]: Schema } = {
  task_id: text,
  template_name: text,
  template_version: text,
  template_digest: text,
  namespace: text,
  status: TASK_STATUS,
  paused: flag,
  submitted_by: text,
  created_at: time,
  updated_at: time,
  settled_at: orNull(time),
};

/** The names of the statuses a task can have. */
export const TASK_STATUSES = TASK_STATUS['enum'] as readonly string[];

/** The schemas of what the API answers, by name. They say what is there, and leave room for more. */
export const REPLIES: Readonly<Record<string, Schema>> = {
  TaskSummary: object<TaskSummary>(SUMMARY_FIELDS),
  TaskPage: pageOf('TaskSummary'),
  Task: object<TaskView>({
    ...SUMMARY_FIELDS,
    reason: orNull(text),
    context: open,
    seq: count,
    steps: listOf(ref('Step')),
  }),
  Step: object<StepView>({
    step_id: text,
    name: text,
    type: text,
    status: STEP_STATUS,
    handler: object<StepView['handler']>({ name: text, version: orNull(text), digest: orNull(text) }),
    dependencies: listOf(text),
    attempt: count,
    max_attempts: count,
    created_by: text,
    created_at: time,
    enqueued_at: orNull(time),
    settled_at: orNull(time),
    in_progress: orNull(object<NonNullable<StepView['in_progress']>>({ broker: text, since: time })),
    result: anything,
    branch: orNull(listOf(text)),
    failure: orNull(open),
    retry_at: orNull(time),
    waiting_for: orNull(
      object<NonNullable<StepView['waiting_for']>>({
        request: open,
        signals: { description: "The JSON Schema that a signal's data must meet." },
        deadlines: listOf(object<{ name: string; at: number }>({ name: text, at: time })),
      }),
    ),
    receipt: orNull(open),
    resolved: orNull(object<OperatorAct>({ by: text, reason: text })),
  }),
  Event: object<NumberedEvent>({
    seq: count,
    event: {
      ...object<{ kind: string; at: number }>({ kind: text, at: time }),
      description:
        'An event of the journal; `kind` says which other fields it has. A large value is `{"$blob": {blob, bytes, media_type}}`: see `getBlob`.',
    },
  }),
  EventPage: pageOf('Event'),
  Value: { description: 'Any JSON value.' },
  Gate: object<WaitingRow>({
    task_id: text,
    step_id: text,
    step_name: text,
    template_name: text,
    request: open,
    signals: { description: "The JSON Schema that a signal's data must meet." },
    since: time,
    next_deadline_at: orNull(time),
  }),
  GatePage: pageOf('Gate'),
  HandlerSummary: object<HandlerSummary>({
    name: text,
    version: text,
    digest: text,
    title: text,
    description: text,
    category: text,
  }),
  HandlerPage: pageOf('HandlerSummary'),
  Handler: object<CatalogEntry>({ name: text, version: text, digest: text, capability: open }),
  Diagnostic: object<Diagnostic>(
    {
      code: text,
      severity: { enum: ['error', 'warning'] },
      stage: text,
      pointer: text,
      message: text,
      expected: anything,
      got: anything,
      suggestion: text,
      file: text,
      line: count,
      column: count,
    },
    ['expected', 'got', 'suggestion', 'file', 'line', 'column'],
  ),
  Validation: object<{ valid: boolean; diagnostics: unknown }>({
    valid: { ...flag, description: 'True when no diagnostic is an error.' },
    diagnostics: listOf(ref('Diagnostic')),
  }),
  Graph: object<GraphView>({
    name: text,
    version: text,
    nodes: listOf(object<GraphView['nodes'][number]>({ name: text, type: text, handler: text, gated: flag })),
    edges: listOf(
      object<GraphView['edges'][number]>({
        from: text,
        to: text,
        kind: { enum: ['dependency', 'decision', 'deferred'] },
      }),
    ),
  }),
  Life: object<{ live: boolean; version: string }>({ live: flag, version: text }),
  Health: object<{ ready: boolean; version: string; checks: unknown }>({
    ready: flag,
    version: text,
    checks: { type: 'object', additionalProperties: text },
  }),
  Problem: object<Problem>(
    {
      type: { ...text, format: 'uri-reference', description: 'Where the error is documented.' },
      title: text,
      status: count,
      detail: text,
      code: { ...text, description: 'A name from docs/errors.md; stable.' },
      kind: { enum: ['reject', 'retry', 'terminal', 'bug'] },
      params: { ...open, description: 'The values that `detail` mentions.' },
      diagnostics: listOf(ref('Diagnostic')),
    },
    ['diagnostics'],
  ),
};
