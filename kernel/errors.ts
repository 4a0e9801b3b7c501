import type { Diagnostic } from './diagnostics.ts';
import { fillTemplate } from './fill_template.ts';
import type { Json } from './json.ts';

/** What the engine does about an error: code reads the kind, people read the message. */
export type ErrorKind =
  /** The caller's input is wrong; the same input will be refused again. */
  | 'reject'
  /** The environment failed; trying again later may work. */
  | 'retry'
  /** The work itself was refused or is over. */
  | 'terminal'
  /** A defect: stop, keep the journal. */
  | 'bug';

interface ErrorEntry {
  readonly kind: ErrorKind;
  /** HTTP status (RFC 9457) and exit code (docs/cli.md) of the surfaces. */
  readonly status: number;
  readonly exit: number;
  /** `{name}` is filled in from the error's parameters. */
  readonly template: string;
}

/** Every error Weft raises. A test visits each; docs/errors.md has an anchor for each. */
export const ERRORS = {
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
  // HTTP API and command line
  blob_not_found: {
    kind: 'reject',
    status: 404,
    exit: 4,
    template:
      'there is no large value "{digest}"; take the digest from the `$blob` of an event of a task that is still kept',
  },
  handler_not_found: {
    kind: 'reject',
    status: 404,
    exit: 4,
    template: 'no handler "{name}" is registered; `weft handlers list` shows those that are',
  },
  request_invalid: { kind: 'reject', status: 400, exit: 10, template: 'the request has {count} problem(s)' },
  json_invalid: { kind: 'reject', status: 400, exit: 10, template: '{subject} has {count} problem(s)' },
  body_too_large: {
    kind: 'reject',
    status: 413,
    exit: 10,
    template: 'the request body is larger than {bytes_max} bytes; the operator config sets that limit',
  },
  media_type_unsupported: {
    kind: 'reject',
    status: 415,
    exit: 1,
    template: 'a body of type {got} is not understood; send application/json',
  },
  route_not_found: {
    kind: 'reject',
    status: 404,
    exit: 1,
    template: 'nothing answers to {method} {path}; GET /v1/openapi.json lists what does',
  },
  method_not_allowed: {
    kind: 'reject',
    status: 405,
    exit: 1,
    template: '{path} does not answer to {method}; it does to {allowed}',
  },
  unauthorized: { kind: 'reject', status: 401, exit: 1, template: '{problem}; send `Authorization: Bearer <token>`' },
  forbidden: {
    kind: 'reject',
    status: 403,
    exit: 1,
    template: '"{principal}" may not do this; it takes one of the roles {roles}',
  },
  identity_forbidden: {
    kind: 'reject',
    status: 403,
    exit: 1,
    template: 'a token says who its bearer is; {header} is only heard on the private socket',
  },
  host_not_allowed: {
    kind: 'reject',
    status: 421,
    exit: 1,
    template: 'the Host "{host}" is not one this API answers to; add it to `api.allowed_hosts`',
  },
  origin_not_allowed: {
    kind: 'reject',
    status: 403,
    exit: 1,
    template: 'pages of "{origin}" may not use this API',
  },
  token_unusable: {
    kind: 'reject',
    status: 500,
    exit: 1,
    template: 'the API token "{name}" cannot be used: {problem}',
  },
  api_unguarded: {
    kind: 'reject',
    status: 500,
    exit: 1,
    template:
      'the API would be open to others on {host}: list at least one token under `api.tokens`, or bind to 127.0.0.1',
  },
  socket_path_too_long: {
    kind: 'reject',
    status: 500,
    exit: 1,
    template: 'the socket path "{path}" has more than {bytes_max} bytes; choose a shorter `data_directory`',
  },
  address_unavailable: { kind: 'reject', status: 500, exit: 1, template: 'cannot listen on {address}: {problem}' },
  internal_error: {
    kind: 'bug',
    status: 500,
    exit: 8,
    template: 'something went wrong inside Weft; its log has the cause under request {request_id}',
  },
  no_gate_waits: {
    kind: 'reject',
    status: 409,
    exit: 1,
    template: 'task "{task_id}" is {status} and waits at no gate',
  },
  server_unreachable: {
    kind: 'retry',
    status: 503,
    exit: 5,
    template: 'no Weft answers at {address}: {problem}; `weft serve` starts one, --url names another',
  },
  server_error: { kind: 'retry', status: 502, exit: 8, template: '{address} answered {status}: {detail}' },
  usage_invalid: { kind: 'reject', status: 400, exit: 2, template: '{problem}' },
  file_unreadable: { kind: 'reject', status: 400, exit: 1, template: 'cannot read "{file}": {problem}' },

  // Host functions.
  secrets_unavailable: {
    kind: 'reject',
    status: 500,
    exit: 1,
    template: '{count} secret(s) of weft.yaml cannot be read: {problems}',
  },
  mail_unusable: {
    kind: 'reject',
    status: 500,
    exit: 1,
    template: '"mail" of weft.yaml cannot be used: {problem}',
  },
  host_function_unknown: {
    kind: 'bug',
    status: 500,
    exit: 1,
    template: 'there is no host function "{name}"; a component that imports it should not have been loaded',
  },

  // Store.
  cursor_invalid: {
    kind: 'reject',
    status: 400,
    exit: 2,
    template: 'the cursor "{cursor}" was not given by this listing; start again without one',
  },
  store_locked: {
    kind: 'retry',
    status: 503,
    exit: 8,
    template: 'the store "{path}" is in use by {holder}; stop it, or choose another `data_directory`',
  },
  store_schema_newer: {
    kind: 'reject',
    status: 500,
    exit: 8,
    template:
      'the store "{path}" has schema {found} and this Weft knows up to {known}; use the newer Weft that wrote it',
  },
  store_foreign: {
    kind: 'reject',
    status: 500,
    exit: 8,
    template: 'the file "{path}" is not a Weft store ({problem}); choose another path',
  },
  // Sandbox.
  component_refused: {
    kind: 'reject',
    status: 422,
    exit: 10,
    template: 'the component {digest} is refused: {problem}; build it with `weft handlers build`',
  },
  component_cache_unavailable: {
    kind: 'retry',
    status: 503,
    exit: 1,
    template: 'the component cache "{directory}" cannot be used: {problem}',
  },

  // Hooks and plugins.
  plugin_invalid: {
    kind: 'reject',
    status: 500,
    exit: 10,
    template: 'the plugin {plugin} cannot be used: {problem}',
  },
  plugin_failed: {
    kind: 'bug',
    status: 500,
    exit: 1,
    template: 'plugin "{plugin}" failed in hook "{hook}": {problem}',
  },
  plugin_timeout: {
    kind: 'bug',
    status: 500,
    exit: 1,
    template: 'plugin "{plugin}" did not settle in hook "{hook}" within {deadline_ms} ms',
  },

  // Transport.
  delivery_settled: {
    kind: 'bug',
    status: 500,
    exit: 8,
    template: 'message "{id}" was already acknowledged or given back',
  },

  // Operator config.
  data_directory_unusable: {
    kind: 'reject',
    status: 500,
    exit: 1,
    template: 'the data directory "{path}" cannot be made: {problem}; name another as `data_directory`',
  },
  config_invalid: { kind: 'reject', status: 500, exit: 10, template: 'the operator config has {count} problem(s)' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a place in the table. `params` fill the template; `diagnostics` carry what is wrong where. */
export class WeftError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly status: number;
  readonly exit: number;
  readonly params: Readonly<Record<string, Json>>;
  readonly diagnostics: readonly Diagnostic[];

  constructor(
    code: ErrorCode,
    params: Readonly<Record<string, Json>> = {},
    options: { readonly diagnostics?: readonly Diagnostic[]; readonly cause?: unknown } = {},
  ) {
    const entry = ERRORS[code];
    super(fillTemplate(entry.template, params), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'WeftError';
    this.code = code;
    this.kind = entry.kind;
    this.status = entry.status;
    this.exit = entry.exit;
    this.params = params;
    this.diagnostics = options.diagnostics ?? [];
  }
}
