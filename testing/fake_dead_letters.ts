import type { DeadLetterView, NumberedEvent } from '../host/orchestrator/port.ts';
import type { DeadLetterFilter, DeadLetterRow } from '../host/store/port.ts';
import { WeftError } from '../kernel/errors.ts';
import type { EventOf, StepEvent } from '../kernel/task/events.ts';
import type { Step, Task } from './fake_task.ts';

/** The dead letter of a fake's step, from what happened to it. @throws dead_letter_not_found */
export function fakeDeadLetter(task: Task, step: Step, journal: readonly NumberedEvent[]): DeadLetterView {
  const events = journal
    .map(({ event }) => event)
    .filter((event): event is StepEvent => 'step_id' in event && event.step_id === step.step_id);
  const opened = events.filter((event) => event.kind === 'dead_letter_opened');
  const first = opened[0];
  const last = opened.at(-1);
  if (first === undefined || last === undefined) {
    throw new WeftError('dead_letter_not_found', { step: step.name, status: step.status });
  }
  const notes = events.filter((event) => event.kind === 'dead_letter_noted');
  const ended = events
    .slice(events.lastIndexOf(last))
    .find((event) => event.kind === 'dead_letter_closed' || event.kind === 'step_retried_by_operator') as
    | EventOf<'dead_letter_closed' | 'step_retried_by_operator'>
    | undefined;
  const { task_id, template_name, namespace, status } = task;
  return {
    task_id,
    step_id: step.step_id,
    step_name: step.name,
    template_name,
    namespace,
    reason: last.reason,
    state: ended === undefined ? 'open' : ended.kind === 'dead_letter_closed' ? 'resolved' : 'retried',
    code: last.code,
    message: last.message,
    handler: step.handler.name,
    handler_version: step.handler.version,
    handler_digest: step.handler.digest,
    attempts: last.attempt,
    openings: opened.length,
    notes: notes.length,
    since: last.since ?? last.at,
    first_at: first.at,
    last_at: last.at,
    closed_at: ended?.at ?? null,
    closed_by: ended?.by ?? null,
    closed_reason: ended?.reason ?? null,
    task_status: status,
    step_status: step.status,
    step_type: step.type,
    config: { value: { url: 'https://example.com', key: '${secrets.KEY}' } },
    inputs: { value: {} },
    failures: events.flatMap((event) =>
      event.kind === 'step_errored' ? [{ attempt: event.attempt, at: event.at, failure: event.failure }] : [],
    ),
    failed_workers: [],
    failed_workers_count: 0,
    history: [
      { at: last.at, what: 'opened', by: null, text: last.message },
      ...notes.map(({ at, by, text }) => ({ at, what: 'noted' as const, by, text })),
      ...(ended === undefined ? [] : [{ at: ended.at, what: 'closed' as const, by: ended.by, text: ended.reason }]),
    ],
  };
}

/** Whether a list with this filter holds the row. */
export function isWanted(row: DeadLetterRow, filter: DeadLetterFilter): boolean {
  return (
    (filter.state?.includes(row.state) ?? true) &&
    (filter.reason?.includes(row.reason) ?? true) &&
    row.task_id === (filter.task_id ?? row.task_id) &&
    row.template_name === (filter.template ?? row.template_name) &&
    row.namespace === (filter.namespace ?? row.namespace) &&
    row.handler === (filter.handler ?? row.handler)
  );
}
