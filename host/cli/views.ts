import type { StepStatus, TaskStatus } from '../../kernel/task/events.ts';
import type { HandlerFile } from '../catalog/handler_files.ts';
import type { HandlerSummary } from '../http/routes/handlers.ts';
import type { NumberedEvent, StepView, TaskView } from '../orchestrator/port.ts';
import type { TaskSummary, WaitingRow } from '../store/port.ts';
import { deadLetterPointers } from './dead_letter_view.ts';
import { fields } from './fields.ts';
import { durationText, timeText } from './format.ts';
import { type Paint, printable } from './io.ts';
import { receiptLines } from './receipt_view.ts';
import { type Column, renderTable } from './table.ts';
import { failureText, requestText } from './timeline.ts';

const STATUS_COLORS: Readonly<Partial<Record<TaskStatus | StepStatus, 'green' | 'red' | 'yellow' | 'cyan' | 'blue'>>> =
  {
    complete: 'green',
    resolved_manually: 'green',
    running: 'blue',
    enqueued: 'blue',
    waiting: 'cyan',
    waiting_for_input: 'cyan',
    waiting_for_retry: 'yellow',
    waiting_for_worker: 'yellow',
    cancelled: 'yellow',
    error: 'red',
    blocked_by_failures: 'red',
  };

function statusText(status: TaskStatus | StepStatus, paint: Paint): string {
  const color = STATUS_COLORS[status];
  return color === undefined ? status : paint(color, status);
}

/** Columns of a list of tasks. */
export const taskColumns = (paint: Paint): readonly Column<TaskSummary>[] => [
  { title: 'TASK', of: ({ task_id }) => printable(task_id) },
  { title: 'TEMPLATE', of: ({ template_name, template_version }) => printable(`${template_name} ${template_version}`) },
  { title: 'STATUS', of: ({ status, paused }) => statusText(status, paint) + (paused ? ' (paused)' : '') },
  { title: 'CREATED', of: ({ created_at }) => timeText(created_at) },
  { title: 'BY', of: ({ submitted_by }) => printable(submitted_by) },
];

/** Columns of a list of steps. */
export const stepColumns = (paint: Paint): readonly Column<StepView>[] => [
  { title: 'STEP', of: ({ name }) => printable(name) },
  { title: 'STATUS', of: ({ status }) => statusText(status, paint) },
  { title: 'ATTEMPT', of: ({ attempt, max_attempts }) => `${attempt}/${max_attempts}` },
  { title: 'TOOK', of: tookText },
  { title: 'NOTE', of: noteOf },
];

/** Columns of a list of steps that wait for people. */
export const gateColumns = (now: number) => (): readonly Column<WaitingRow>[] => [
  { title: 'TASK', of: ({ task_id }) => printable(task_id) },
  { title: 'STEP', of: ({ step_name }) => printable(step_name) },
  { title: 'WAITING', of: ({ since }) => durationText(Math.max(0, now - since)) },
  { title: 'UNTIL', of: ({ next_deadline_at }) => (next_deadline_at === null ? '' : timeText(next_deadline_at)) },
  { title: 'ASKS', of: ({ request }) => requestText(request) },
];

/** Columns of a list of handlers. */
export const handlerColumns = (): readonly Column<HandlerSummary>[] => [
  { title: 'HANDLER', of: ({ name, version }) => printable(`${name}@${version}`) },
  { title: 'CATEGORY', of: ({ category }) => printable(category) },
  { title: 'DESCRIPTION', of: ({ description }) => printable(description) },
];

/** Columns of a list of the files of handler directories. */
export const handlerFileColumns = (paint: Paint): readonly Column<HandlerFile>[] => [
  { title: 'FILE', of: ({ file }) => printable(file) },
  { title: 'STATUS', of: ({ status }) => (status === 'refused' ? paint('red', status) : status) },
  {
    title: 'OFFERS',
    of: ({ offers }) => offers.map(({ name, version }) => printable(`${name}@${version}`)).join(', '),
  },
  { title: 'SINCE', of: ({ since }) => timeText(since) },
  { title: 'CODE', of: ({ diagnostics }) => diagnostics[0]?.code ?? '' },
  { title: 'REASON', of: (row) => printable(reasonOf(row)) },
];

const REASON_LENGTH_MAX = 200;

function reasonOf({ diagnostics }: HandlerFile): string {
  const [first, ...others] = diagnostics;
  if (first === undefined) return '';
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return first.message.slice(0, REASON_LENGTH_MAX) + more;
}

/** Columns of a list of events. */
export const eventColumns = (): readonly Column<NumberedEvent>[] => [
  { title: 'SEQ', of: ({ seq }) => String(seq) },
  { title: 'AT', of: ({ event }) => new Date(event.at).toISOString() },
  { title: 'KIND', of: ({ event }) => event.kind },
  { title: 'FIELDS', of: ({ event: { kind: _kind, at: _at, ...fields } }) => printable(JSON.stringify(fields)) },
];

/** A task for people: what it is, how it is, its steps. */
export function renderTask(task: TaskView, paint: Paint): string {
  const lines = [
    ['task', printable(task.task_id)],
    ['template', printable(`${task.template_name} ${task.template_version} (${task.template_digest})`)],
    ['status', statusText(task.status, paint) + (task.paused ? ' (paused)' : '')],
    ...(task.reason === null ? [] : [['reason', printable(task.reason)]]),
    ['created', `${timeText(task.created_at)} by ${printable(task.submitted_by)}`],
    ...(task.settled_at === null
      ? []
      : [['settled', `${timeText(task.settled_at)}, after ${durationText(task.settled_at - task.created_at)}`]]),
    ...deadLetterPointers(task).map((pointer) => ['dead letter', pointer]),
    ['context', jsonText(task.context)],
  ];
  return `${fields(lines, paint)}\n${renderTable(stepColumns(paint), task.steps)}`;
}

/** A step for people, with all that is known of it. */
export function renderStep(step: StepView, paint: Paint): string {
  const json = (name: string, value: unknown): readonly (readonly string[])[] =>
    value === null ? [] : [[name, jsonText(value)]];
  return fields(
    [
      ['step', printable(`${step.name} (${step.step_id})`)],
      ['handler', printable(`${step.handler.name}@${step.handler.version ?? '?'}`)],
      ...json('planned', step.planned),
      ['status', statusText(step.status, paint)],
      ['attempt', `${step.attempt} of ${step.max_attempts}`],
      ['after', step.dependencies.map(printable).join(', ') || 'nothing'],
      ...(tookText(step) === '' ? [] : [['took', tookText(step)]]),
      ...json('result', step.result),
      ...json('branch', step.branch),
      ...json('failure', step.failure),
      ...json('dead letter', step.dead_letter),
      ...(step.retry_at === null ? [] : [['retry at', timeText(step.retry_at)]]),
      ...json('asks', step.waiting_for?.request ?? null),
      ...json('answer', step.waiting_for?.signals ?? null),
      ...json('deadlines', step.waiting_for?.deadlines ?? null),
      ...json('resolved', step.resolved),
      ...(step.receipt === null ? [] : receiptLines(step.receipt)),
    ],
    paint,
  );
}

/** Of a value, for people: more would bury what else is said. */
const JSON_CHARACTERS_MAX = 4_000;

function jsonText(value: unknown): string {
  const text = JSON.stringify(value);
  const left = text.length - JSON_CHARACTERS_MAX;
  if (left <= 0) return printable(text);
  return `${printable(text.slice(0, JSON_CHARACTERS_MAX))}… (${left} more characters; -o json shows all of it)`;
}

function tookText({ enqueued_at, settled_at }: StepView): string {
  return enqueued_at === null || settled_at === null ? '' : durationText(settled_at - enqueued_at);
}

function noteOf({ status, failure, waiting_for, branch, in_progress, resolved, planned }: StepView): string {
  if (waiting_for !== null) return requestText(waiting_for.request);
  if (resolved !== null) return `resolved by ${printable(resolved.by)}: ${printable(resolved.reason)}`;
  if (branch !== null) return `→ ${branch.map(printable).join(', ') || 'nothing'}`;
  if (in_progress !== null) return `on ${printable(in_progress.broker)}`;
  if (failure === null || status === 'complete')
    return planned?.reasoning == null ? '' : `planned: ${printable(planned.reasoning)}`;
  return failureText({ message: String(failure['message'] ?? ''), code: String(failure['code'] ?? '') });
}
