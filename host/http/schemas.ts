import type { CatalogEntry } from '../../kernel/capability/types.ts';
import type { Diagnostic } from '../../kernel/diagnostics.ts';
import type { DeadLetterReason, Failure, OperatorAct } from '../../kernel/task/events.ts';
import type { HandlerFile, OfferedHandler } from '../catalog/handler_files.ts';
import { LOAD_STAGES } from '../catalog/refusal.ts';
import type { ExamplesReport } from '../catalog/run_examples.ts';
import type {
  DeadLetterView,
  GraphView,
  NumberedEvent,
  RetentionReport,
  RetentionView,
  RetiredTask,
  StepReceipt,
  StepView,
  TaskView,
} from '../orchestrator/port.ts';
import type { HostUsage } from '../sandbox/port.ts';
import type { DeadLetterCounts, DeadLetterRow, RetentionAct, TaskSummary, WaitingRow } from '../store/port.ts';
import type { Problem } from './problem.ts';
import type { Schema } from './route.ts';
import type { HandlerSummary } from './routes/handlers.ts';

const text: Schema = { type: 'string' };
const count: Schema = { type: 'integer', minimum: 0 };
const duration: Schema = { type: 'number', minimum: 0 };
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

const RETIRED_FIELDS: { readonly [K in keyof RetiredTask]: Schema } = {
  task_id: text,
  template_name: text,
  status: TASK_STATUS,
  settled_at: time,
  action: { enum: ['archive', 'remove'] },
  archive: { ...orNull(text), description: "The archive's file." },
  problem: { ...orNull(text), description: 'Why it stays after all.' },
};

/** The names of the statuses a task can have. */
export const TASK_STATUSES = TASK_STATUS['enum'] as readonly string[];

/** Why a step is a dead letter. */
export const DEAD_LETTER_REASONS = ['exhausted', 'poisoned', 'refused', 'stuck'] as const;

/** What became of a dead letter. */
export const DEAD_LETTER_STATES = ['open', 'retried', 'resolved'] as const;

const DEAD_LETTER_FIELDS: { readonly [K in keyof DeadLetterRow]: Schema } = {
  task_id: text,
  step_id: text,
  step_name: text,
  template_name: text,
  namespace: text,
  reason: { enum: DEAD_LETTER_REASONS },
  state: { enum: DEAD_LETTER_STATES },
  code: { ...text, description: "The failure's; `no_worker` or `not_taken` of a stuck step." },
  message: { ...text, description: "The beginning of the failure's." },
  handler: text,
  handler_version: orNull(text),
  handler_digest: orNull(text),
  attempts: count,
  openings: { ...count, description: 'How often the step landed here.' },
  notes: count,
  since: { ...time, description: 'Since when the step is in this trouble, in milliseconds since 1970.' },
  first_at: time,
  last_at: time,
  closed_at: orNull(time),
  closed_by: orNull(text),
  closed_reason: orNull(text),
};

const FAILURE = object<Failure>(
  { code: text, message: text, retryable: flag, retry_after_ms: count, details: anything },
  ['retry_after_ms', 'details'],
);

const GIVEN = orNull({
  ...object<{ value: unknown; left_out: string }>({ value: anything, left_out: text }, ['value', 'left_out']),
  description: 'The value, or why it is not shown; `${secrets.NAME}` stands for secrets.',
});

/** Of a receipt: what a version may not have written. */
const RUN_FIELDS = [
  'queue_ms',
  'instantiate_ms',
  'run_ms',
  'memory_bytes',
  'cell_pid',
  'host_calls',
  'hosts',
  'bytes_in',
  'bytes_out',
  'denials',
  'denied',
  'secret_uses',
] as const;

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
    planned: orNull(
      object<NonNullable<StepView['planned']>>({
        planning_step_id: text,
        fragment_id: text,
        phase: count,
        reasoning: orNull(text),
      }),
    ),
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
    receipt: orNull(ref('StepReceipt')),
    resolved: orNull(object<OperatorAct>({ by: text, reason: text })),
    dead_letter: orNull(
      object<NonNullable<StepView['dead_letter']>>({
        reason: { enum: DEAD_LETTER_REASONS },
        state: { enum: DEAD_LETTER_STATES },
      }),
    ),
  }),
  StepReceipt: {
    ...object<StepReceipt>(
      {
        broker: { ...text, description: 'Who ran it.' },
        claimed_at: time,
        queue_ms: { ...duration, description: 'Waiting for a cell.' },
        instantiate_ms: { ...duration, description: 'Making a fresh instance.' },
        run_ms: { ...duration, description: 'In the handler, its host calls included.' },
        memory_bytes: {
          ...count,
          description: 'Linear memory at its largest; 0 when the cell did not live to tell.',
        },
        cell_pid: { ...count, description: 'Of the process that ran it; 0 when it never had one.' },
        host_calls: { ...count, description: 'HTTP requests and mails.' },
        hosts: { ...listOf(text), description: 'Contacted, as `name:port`, sorted; the first hundred.' },
        bytes_in: { ...count, description: 'Received through host calls, decoded.' },
        bytes_out: count,
        denials: { ...count, description: 'Of everything that was refused, how often.' },
        denied: {
          ...listOf(object<HostUsage['denied'][number]>({ function: text, target: text, reason: text })),
          description: 'The first of them.',
        },
        secret_uses: listOf(
          object<HostUsage['secret_uses'][number]>({ secret: text, host: text, position: text, count }),
        ),
      },
      RUN_FIELDS,
    ),
    description: 'What the last run of a step cost and did. Receipts that older versions wrote may lack fields.',
  },
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
  DeadLetterSummary: object<DeadLetterRow>(DEAD_LETTER_FIELDS),
  DeadLetterPage: pageOf('DeadLetterSummary'),
  DeadLetter: object<DeadLetterView>({
    ...DEAD_LETTER_FIELDS,
    task_status: TASK_STATUS,
    step_status: STEP_STATUS,
    step_type: text,
    config: GIVEN,
    inputs: GIVEN,
    failures: listOf(object<DeadLetterView['failures'][number]>({ attempt: count, at: time, failure: FAILURE })),
    failed_workers: {
      ...listOf(object<DeadLetterView['failed_workers'][number]>({ step: text, attempt: count, failure: FAILURE })),
      description: 'Of a batch: its workers in `error`, 50 at the most.',
    },
    failed_workers_count: count,
    history: listOf(
      object<DeadLetterView['history'][number]>({
        at: time,
        what: { enum: ['opened', 'noted', 'closed', 'retried', 'resolved'] },
        by: orNull(text),
        text,
      }),
    ),
  }),
  DeadLetterCounts: object<DeadLetterCounts>(
    { exhausted: count, poisoned: count, refused: count, stuck: count } satisfies Record<DeadLetterReason, Schema>,
    DEAD_LETTER_REASONS,
  ),
  RetiredTask: object<RetiredTask>(RETIRED_FIELDS),
  RetentionReport: object<RetentionReport>({ dry_run: flag, tasks: listOf(ref('RetiredTask')), more: flag }),
  Retention: object<RetentionView>({
    rules: listOf(
      object<RetentionView['rules'][number]>({
        status: TASK_STATUS,
        action: { enum: ['keep', 'archive', 'remove'] },
        after_hours: count,
        due: { ...count, description: 'Tasks that are due now.' },
      }),
    ),
    archive_directory: text,
    store: object<RetentionView['store']>({ bytes: count, free_bytes: count }),
    acts: listOf(
      object<RetentionAct>({ at: time, act: { enum: ['remove', 'run'] }, by: text, reason: text, details: open }),
    ),
  }),
  HandlerSummary: object<HandlerSummary>({
    name: text,
    version: text,
    digest: text,
    title: text,
    description: text,
    category: text,
  }),
  HandlerPage: pageOf('HandlerSummary'),
  HandlerFile: object<HandlerFile>({
    file: text,
    status: { enum: ['loaded', 'refused'] },
    since: time,
    offers: {
      ...listOf(object<OfferedHandler>({ name: text, version: text, digest: text })),
      description: 'Handlers that are offered because of this file, what it held before included.',
    },
    stage: { ...orNull({ enum: LOAD_STAGES }), description: 'The check that refused it.' },
    diagnostics: listOf(ref('Diagnostic')),
    examples: {
      ...orNull(
        object<ExamplesReport>({
          passed: count,
          skipped: listOf(object<ExamplesReport['skipped'][number]>({ title: text, reason: text })),
        }),
      ),
      description: 'What became of the examples of a loaded one; null where they were not run.',
    },
  }),
  HandlerFilePage: pageOf('HandlerFile'),
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
