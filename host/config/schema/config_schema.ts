import type { JsonObject } from '../../../kernel/json.ts';
import { STEP_LIMIT_NAMES, STEP_LIMITS } from '../../../kernel/template/step_limits.ts';
import { GRANTABLE_IMPORTS } from '../types.ts';
import { API, EGRESS, LOG, SECRETS } from './access.ts';
import { integer, item, listOf, oneOf, path, section, text } from './describe.ts';
import { MAIL } from './mail.ts';
import { RETENTION } from './retention.ts';

const MIB = 1024 * 1024;
/** Node's longest timeout. */
const MS_MAX = 2 ** 31 - 1;

const STEP_LIMIT_KEYS = Object.fromEntries(
  STEP_LIMIT_NAMES.map((name) => {
    const { description, minimum, preset, maximum } = STEP_LIMITS[name];
    return [name, integer(description, minimum, preset, maximum)];
  }),
);

const LIMITS = section('What one step may use at the most, and how large what comes from outside may be.', {
  step_timeout_ms_max: integer(
    'Milliseconds from the start of a run; a template can only shorten it.',
    1,
    300_000,
    MS_MAX,
  ),
  ...STEP_LIMIT_KEYS,
  template_bytes_max: integer("A template's text, in bytes.", 1_024, MIB, 16 * MIB),
  context_bytes_max: integer("A task's context, in bytes of JSON.", 1_024, MIB, 64 * MIB),
  template_steps_max: integer('Steps of a template.', 1, 10_000, 10_000),
});

/**
 * JSON Schema of `weft.yaml`: every key with what it means and what it is when absent. Defaults are filled in from
 * here, environment variables are named after it, and docs/config.md is written from it.
 */
export const CONFIG_SCHEMA: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'weft.yaml',
  ...section('The operator config of Weft.', {
    data_directory: path('Holds the store, its lock and the private socket.', { default: '.weft' }),
    cache_directory: path(
      'Holds translated components by digest; may be deleted. `cache` in the data directory when absent.',
    ),
    store: section('Where tasks live.', {
      kind: oneOf('What keeps them: `sqlite` is one file, owned by one process.', ['sqlite']),
      path: path("The store's file, on a local disk. `weft.db` in the data directory when absent."),
    }),
    transport: section('How work reaches brokers.', {
      kind: oneOf('What carries it: `memory` is within one process.', ['memory']),
    }),
    handlers: section('The handlers besides those of Weft itself, which always come first.', {
      directories: listOf(
        path('A folder.'),
        'Folders of built components (`*.wasm`), which are watched. `--handlers` names more.',
      ),
      grants: listOf(
        item(
          {
            imports: {
              type: 'array',
              items: { enum: GRANTABLE_IMPORTS },
              description: '`http`, `mail`; `clock` and `log` are granted to all.',
            },
            handlers: {
              type: 'array',
              items: text('A name.'),
              description: 'The handlers that it is for; all when absent.',
            },
            directory: path('The folder whose components it is for; all of `directories` when absent.'),
          },
          ['imports'],
        ),
        'What these components may import: one that imports more is refused. docs/handler_directories.md has more.',
      ),
    }),
    plugins: section('Trusted code of yours that joins the engine.', {
      directories: listOf(path('A folder.'), 'Folders of plugins.'),
      options: {
        type: 'object',
        additionalProperties: { type: 'object' },
        default: {},
        description: "Options by plugin name, checked against the plugin's own schema.",
      },
    }),
    egress: EGRESS,
    secrets: SECRETS,
    mail: MAIL,
    limits: LIMITS,
    retention: RETENTION,
    broker: section('The part that runs steps.', {
      cells: integer('Processes that run steps, one step each at a time.', 1, 2, 256),
      cell_heap_mb: integer(
        'The JavaScript heap of each of these processes, in MB; a step that fills it fails.',
        32,
        128,
        4_096,
      ),
      drain_grace_ms: integer('Milliseconds that running steps have to finish when Weft stops.', 0, 10_000, MS_MAX),
    }),
    dead_letters: section('The list of steps that need somebody to look.', {
      stuck_after_ms: integer(
        'Milliseconds after which a step that no worker has taken up is listed as stuck; 0 for never.',
        0,
        15 * 60_000,
        MS_MAX,
      ),
    }),
    api: API,
    log: LOG,
  }),
};
