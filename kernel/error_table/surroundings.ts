import type { ErrorEntry } from './entry.ts';

/** What can be wrong with what runs the work: surfaces, host functions, store, sandbox, plugins, transport, config. */
export const SURROUNDINGS_ERRORS = {
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
  plugin_exists: {
    kind: 'reject',
    status: 409,
    exit: 1,
    template: '"{path}" is there already; nothing was written',
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
