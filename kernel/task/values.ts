import type { Json, JsonObject } from '../json.ts';
import type { CreatedStep, EventOf, Failure, TaskEvent } from './events.ts';

/** Gives what shall stand in a value's place: the value itself, to leave it. */
export type MapValue = (value: Json) => Json;

type Mapped = { readonly [K in TaskEvent['kind']]: (event: EventOf<K>, map: MapValue) => EventOf<K> };

/** An event that holds nothing of a user's or a handler's size. */
const same = <E>(event: E): E => event;

/** Where each kind of event holds JSON values that templates, handlers and people give. A forgotten kind does not compile. */
const MAPPED: Mapped = {
  task_created: (event, map) => at(event, 'context', map),
  task_status_changed: same,
  task_paused: same,
  task_resumed: same,
  task_cancel_requested: same,
  task_resolve_requested: same,
  steps_created: (event, map) => within(event, 'steps', (steps) => ofSteps(steps, map)),
  steps_excluded: same,
  step_enqueued: same,
  step_waiting_for_worker: same,
  step_pinned: same,
  step_completed: (event, map) => at(event, 'result', map),
  step_retry_scheduled: (event, map) => within(event, 'failure', (failure) => ofFailure(failure, map)),
  step_errored: (event, map) => within(event, 'failure', (failure) => ofFailure(failure, map)),
  step_suspended: (event, map) => ofSuspension(event, map),
  step_signalled: (event, map) => within(event, 'signal', (signal) => at(signal, 'data', map)),
  step_deadline_fired: same,
  step_retry_due: same,
  batch_converged: same,
  step_cancelled: same,
  step_resolved_manually: (event, map) => at(event, 'result', map),
  step_retried_by_operator: same,
  dead_letter_opened: same,
  dead_letter_noted: same,
  dead_letter_closed: same,
  plan_requested: same,
  plan_answered: same,
  plan_rejected: (event, map) => at(at(event, 'answer', map), 'diagnostics', map),
  plan_accepted: (event, map) => at(at(event, 'gated', map), 'reasons', map),
  plan_fell_back: (event, map) => within(event, 'failure', (failure) => ofFailure(failure, map)),
  plan_call_lost: same,
  plan_converged: (event, map) => at(event, 'output', map),
  budget_opened: same,
  budget_reserved: same,
  budget_settled: same,
  budget_exhausted: same,
};

/** An event with each of its values mapped, whole values and never parts of them; the same event when none changed. */
export function mapValues<E extends TaskEvent>(event: E, map: MapValue): E {
  const mapped = MAPPED[event.kind] as (event: TaskEvent, map: MapValue) => TaskEvent;
  return mapped(event, map) as E;
}

function ofSteps(steps: readonly CreatedStep[], map: MapValue): readonly CreatedStep[] {
  const mapped = steps.map((step) =>
    at(
      within(step, 'batch', (batch) => batch && at(batch, 'item', map)),
      'definition',
      map,
    ),
  );
  return mapped.some((step, index) => step !== steps[index]) ? mapped : steps;
}

/** What a step that waits keeps and shows: `title` and `audience` of its request stay, for whoever reads them in passing. */
export function ofSuspension<S extends { readonly state: Json; readonly request: JsonObject; readonly signals: Json }>(
  suspension: S,
  map: MapValue,
): S {
  const mapped = at(at(suspension, 'state', map), 'signals', map);
  return within(mapped, 'request', (request) => {
    let shown: JsonObject = request;
    for (const key of Object.keys(request)) if (!STAYS.has(key)) shown = at(shown, key, map);
    return shown as S['request'];
  });
}

const STAYS = new Set(['title', 'audience']);

/** A failure with its details mapped. */
export function ofFailure(failure: Failure, map: MapValue): Failure {
  return at(failure, 'details', map);
}

/** An object with the value of one field mapped; the same one when nothing changed. */
export function at<T extends object, K extends keyof T>(holder: T, key: K, map: MapValue): T {
  return within(holder, key, (value) => (value === undefined ? value : (map(value as Json) as T[K])));
}

function within<T extends object, K extends keyof T>(holder: T, key: K, map: (value: T[K]) => T[K]): T {
  const value = holder[key];
  const mapped = map(value);
  return mapped === value ? holder : { ...holder, [key]: mapped };
}
