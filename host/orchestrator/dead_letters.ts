import type { Json } from '../../kernel/json.ts';
import { workersOf } from '../../kernel/task/batch.ts';
import { resolveDispatch } from '../../kernel/task/dispatch_input.ts';
import type { TaskEvent } from '../../kernel/task/events.ts';
import { compiledOf, type StepState, type TaskState } from '../../kernel/task/state.ts';
import type { DeadLetterRow } from '../store/port.ts';
import type { DeadLetterView, GivenValue, NumberedEvent } from './port.ts';

/** A step's row in the list of dead letters: of a step that has an entry. */
export function deadLetterRow(state: TaskState, step: StepState): DeadLetterRow {
  const { template } = state.compiled;
  const { closed, ...entry } = step.dead_letter!;
  return {
    task_id: state.head.id,
    step_id: step.id,
    step_name: step.name,
    template_name: template.name,
    namespace: template.namespace,
    handler: compiledOf(state, step).handler_name,
    handler_version: step.pin?.version ?? null,
    handler_digest: step.pin?.digest ?? null,
    ...entry,
    closed_at: closed?.at ?? null,
    closed_by: closed?.by ?? null,
    closed_reason: closed?.reason ?? null,
  };
}

/** Larger values of a snapshot are left out: in characters of JSON. */
const GIVEN_LENGTH_MAX = 64 * 1024;
/** Of a batch: how many of its failed workers are shown. */
const WORKERS_MAX = 50;

/**
 * All that is known of a dead letter. What the step was given follows from the results before it, which never change,
 * and its failures and notes stand in the journal: none of it is kept twice.
 */
export function deadLetterView(state: TaskState, step: StepState, events: readonly NumberedEvent[]): DeadLetterView {
  const own = events.map(({ event }) => event).filter((event) => 'step_id' in event && event.step_id === step.id);
  const workers = step.batch === undefined ? [] : [...workersOf(state, step)];
  const failed = workers.flatMap(({ name, status, failure, attempt }) =>
    status === 'error' && failure !== undefined ? [{ step: name, attempt, failure }] : [],
  );
  return {
    ...deadLetterRow(state, step),
    task_status: state.head.status,
    step_status: step.status,
    step_type: compiledOf(state, step).definition.type,
    ...givenTo(state, step),
    failures: own.flatMap((event) =>
      event.kind === 'step_retry_scheduled' || event.kind === 'step_errored'
        ? [{ attempt: event.attempt, at: event.at, failure: event.failure }]
        : [],
    ),
    failed_workers: failed.slice(0, WORKERS_MAX),
    failed_workers_count: failed.length,
    history: own.flatMap(historyOf),
  };
}

/** A batch itself is given nothing; its workers are. */
function givenTo(state: TaskState, step: StepState): Pick<DeadLetterView, 'config' | 'inputs'> {
  if (step.batch !== undefined) return { config: null, inputs: null };
  try {
    // A placeholder by which a broker would know the secret has no business outside.
    const { config, inputs } = resolveDispatch(state, step, (name) => `\${secrets.${name}}`);
    return { config: given(config), inputs: given(inputs) };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { config: { left_out: problem }, inputs: { left_out: problem } };
  }
}

function given(value: Json): GivenValue {
  const { length } = JSON.stringify(value);
  if (length <= GIVEN_LENGTH_MAX) return { value };
  return { left_out: `${length} characters of JSON, more than the ${GIVEN_LENGTH_MAX} that are shown` };
}

function historyOf(event: TaskEvent): DeadLetterView['history'] {
  const { at, kind } = event;
  switch (kind) {
    case 'dead_letter_opened':
      return [{ at, what: 'opened', by: null, text: `${event.reason}: ${event.message} (${event.code})` }];
    case 'dead_letter_noted':
      return [{ at, what: 'noted', by: event.by, text: event.text }];
    case 'dead_letter_closed':
      return [{ at, what: 'closed', by: event.by, text: event.reason }];
    case 'step_retried_by_operator':
      return [{ at, what: 'retried', by: event.by, text: event.reason }];
    case 'step_resolved_manually':
      return [{ at, what: 'resolved', by: event.by, text: event.reason }];
    default:
      return [];
  }
}
