import type { ErrorEntry } from './entry.ts';

/** What can be wrong with tasks, steps, templates and what they refer to. */
export const WORK_ERRORS = {
  task_not_found: {
    kind: 'reject',
    status: 404,
    exit: 4,
    template: 'task "{task_id}" does not exist; `weft task list` shows those that do',
  },
  step_not_found: {
    kind: 'reject',
    status: 404,
    exit: 4,
    template: 'task "{task_id}" has no step "{step}"; it has {steps}',
  },
  template_invalid: { kind: 'reject', status: 422, exit: 10, template: 'the template has {count} problem(s)' },
  fragment_invalid: { kind: 'reject', status: 422, exit: 10, template: 'the fragment has {count} problem(s)' },
  context_invalid: {
    kind: 'reject',
    status: 422,
    exit: 10,
    template: 'the template does not take the context: {count} problem(s)',
  },
  idempotency_conflict: {
    kind: 'reject',
    status: 409,
    exit: 1,
    template:
      'the idempotency key "{key}" was used with another body for task "{task_id}"; send the same body or a new key',
  },
  steps_refused: {
    kind: 'reject',
    status: 422,
    exit: 10,
    template: 'a plugin refuses the steps: {problem}; change the template, or the options of the plugin',
  },
  task_settled: {
    kind: 'reject',
    status: 409,
    exit: 1,
    template: 'task "{task_id}" is already {status}; nothing can change it',
  },
  task_not_settled: {
    kind: 'reject',
    status: 409,
    exit: 1,
    template: 'task "{task_id}" is {status}; only a settled task can be removed: let it end, or cancel it first',
  },
  step_not_waiting: {
    kind: 'reject',
    status: 409,
    exit: 1,
    template: 'step "{step}" is {status}, not waiting for a signal',
  },
  step_not_retryable: {
    kind: 'reject',
    status: 409,
    exit: 1,
    template: 'step "{step}" is {status}; only a step in error or waiting for a retry can be retried',
  },
  step_not_resolvable: {
    kind: 'reject',
    status: 409,
    exit: 1,
    template: 'step "{step}" is {status}; only an unsettled or failed step can be resolved',
  },
  // Dead letters.
  dead_letter_not_found: {
    kind: 'reject',
    status: 404,
    exit: 4,
    template: 'step "{step}" is {status} and was never a dead letter; `weft dlq list` shows those there are',
  },
  dead_letter_closed: {
    kind: 'reject',
    status: 409,
    exit: 1,
    template: 'the dead letter of step "{step}" is already {state}; it opens again if the step fails again',
  },
  // Template tests.
  template_test_invalid: { kind: 'reject', status: 422, exit: 10, template: 'the test {file} has {count} problem(s)' },
  template_tests_missing: {
    kind: 'reject',
    status: 404,
    exit: 4,
    template: 'there is no test in "{directory}": write tests/*.yaml beside the template, or name files with --file',
  },
  // References.
  resolved_too_large: {
    kind: 'terminal',
    status: 422,
    exit: 1,
    template: 'with {reference} the resolved values pass {size_max} characters; pass on less, or refer to a part of it',
  },
  signal_invalid: {
    kind: 'reject',
    status: 422,
    exit: 10,
    template: 'the signal does not meet what step "{step}" asks for: {problems}',
  },
  signal_forbidden: {
    kind: 'reject',
    status: 403,
    exit: 1,
    template: '"{principal}" is not among those step "{step}" asks: {audience}',
  },
  result_invalid: {
    kind: 'reject',
    status: 422,
    exit: 10,
    template: 'the result does not meet the output schema of step "{step}": {problems}',
  },
  branch_invalid: {
    kind: 'reject',
    status: 422,
    exit: 10,
    template: 'decision "{step}" cannot choose {names}; it can choose {allowed}',
  },
  handlers_missing: {
    kind: 'reject',
    status: 404,
    exit: 4,
    template:
      'there is no handler in "{directory}": a handler is a folder with a handler.ts and a capability.json; name the directory that holds them',
  },
  handler_exists: { kind: 'reject', status: 409, exit: 1, template: '"{path}" is there already; nothing was written' },
  handler_target_unknown: {
    kind: 'reject',
    status: 404,
    exit: 4,
    template:
      'there is no handler "{target}": {looked}; name a folder with a handler.ts, a component (*.wasm), or a handler of {directory}',
  },
  handlers_unreadable: {
    kind: 'reject',
    status: 422,
    exit: 1,
    template:
      'handlers cannot be loaded from "{path}": {problem}; build them with `weft handlers build` or mend the path',
  },
  handler_conflict: {
    kind: 'reject',
    status: 409,
    exit: 1,
    template: 'handler {name}@{version} is already registered as {registered}; {digest} needs a new version',
  },
  items_invalid: { kind: 'reject', status: 422, exit: 10, template: 'step "{step}" cannot be resolved so: {problem}' },
  illegal_transition: { kind: 'bug', status: 500, exit: 1, template: '{machine} cannot go from "{from}" by "{event}"' },
  journal_corrupt: {
    kind: 'bug',
    status: 500,
    exit: 1,
    template: 'the journal of task "{task_id}" cannot be folded at event {seq}: {problem}',
  },
  store_conflict: { kind: 'retry', status: 409, exit: 8, template: 'task "{task_id}" was changed by another writer' },
  store_unavailable: { kind: 'retry', status: 503, exit: 8, template: 'the store does not answer: {problem}' },
  store_corrupt: { kind: 'bug', status: 500, exit: 8, template: 'the store is damaged: {problem}' },
  // Archives of removed tasks.
  archive_unwritable: {
    kind: 'retry',
    status: 503,
    exit: 8,
    template:
      'task "{task_id}" cannot be archived as {file}: {problem}; the task stays until it can, see `retention.archive_directory`',
  },
  archive_unreadable: {
    kind: 'reject',
    status: 422,
    exit: 1,
    template: '{file} is no archive of a task that can be read: {problem}',
  },
  transport_unavailable: { kind: 'retry', status: 503, exit: 8, template: 'the transport does not answer: {problem}' },
} as const satisfies Record<string, ErrorEntry>;
