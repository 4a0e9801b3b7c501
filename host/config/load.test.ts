import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { WeftError } from '../../kernel/errors.ts';
import { HOST_PATTERN } from '../../kernel/template/egress.ts';
import { STEP_LIMIT_PRESETS } from '../../kernel/template/step_limits.ts';
import { assert, suite } from '../../testing/suite.ts';
import { hostSchemaCompiler } from '../schemas.ts';
import { variableOf } from './environment.ts';
import { loadConfig } from './load.ts';
import { configReference } from './reference.ts';
import { CONFIG_SCHEMA } from './schema/config_schema.ts';
import type { OperatorConfig } from './types.ts';
import { leavesOf } from './walk.ts';

const test = suite('operator config');

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await realpath(await mkdtemp(join(tmpdir(), 'weft-config-')));
  try {
    await run(directory);
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function errorOf(promise: Promise<unknown>): Promise<WeftError> {
  return promise.then(
    () => assert.unreachable('nothing was refused') as never,
    (error: WeftError) => error,
  );
}

/** `file:line:column code message` of every problem of a config. */
async function problemsOf(yaml: string, env: Record<string, string> = {}): Promise<string[]> {
  let problems: string[] = [];
  await inDirectory(async (cwd) => {
    await writeFile(join(cwd, 'weft.yaml'), yaml);
    const error = await errorOf(loadConfig({ cwd, env }));
    assert.is(error.code, 'config_invalid');
    assert.is(error.params['count'], error.diagnostics.length);
    problems = error.diagnostics.map(
      ({ file, line, column, code, message }) => `${file}:${line ?? ''}:${column ?? ''} ${code} ${message}`,
    );
  });
  return problems;
}

test('without a file and an environment there are defaults for one machine', () =>
  inDirectory(async (cwd) => {
    const config = await loadConfig({ cwd, env: {} });
    const [builtIn, ...others] = config.handlers.directories;
    assert.equal(others, []);
    assert.match(builtIn!, /\/build\/handlers$/);
    assert.equal(
      { ...config, handlers: null },
      {
        data_directory: join(cwd, '.weft'),
        cache_directory: join(cwd, '.weft', 'cache'),
        store: { kind: 'sqlite', path: join(cwd, '.weft', 'weft.db') },
        transport: { kind: 'memory' },
        handlers: null,
        plugins: { directories: [], options: {} },
        egress: { allow: [] },
        secrets: {},
        mail: {
          port: 587,
          secure: 'starttls',
          auth: null,
          recipient_domains: [],
          max_recipients: 50,
          max_message_bytes: 1_048_576,
        },
        limits: {
          step_timeout_ms_max: 300_000,
          ...STEP_LIMIT_PRESETS,
          template_bytes_max: 1024 * 1024,
          context_bytes_max: 1024 * 1024,
          template_steps_max: 10_000,
        },
        retention: {
          settled_tasks: 'keep',
          after_hours: 720,
          archive_directory: join(cwd, '.weft', 'archive'),
          by_status: {},
          every_minutes: 10,
        },
        broker: { cells: 2, cell_heap_mb: 128, drain_grace_ms: 10_000 },
        dead_letters: { stuck_after_ms: 900_000 },
        api: { host: '127.0.0.1', port: 7_420, tokens: [], allowed_hosts: [] },
        log: { level: 'info' },
      },
    );
  }));

test('a file says what differs, its paths start at its folder', () =>
  inDirectory(async (cwd) => {
    await mkdir(join(cwd, 'etc'));
    await writeFile(
      join(cwd, 'etc', 'operator.yaml'),
      `data_directory: ../data
handlers: { directories: [mine, /opt/theirs] }
plugins: { directories: [plugins], options: { policy: { max: 3, teams: [a, [b]] } } }
egress: { allow: [{ scheme: http, host: 127.0.0.1, port: 8080, private: true }] }
secrets:
  KEY: { source: { file: key.txt }, hosts: [api.test], positions: [auth] }
api: { port: 0, tokens: [{ name: robot, roles: [submit], token: { file: token } }] }
`,
    );
    const config = await loadConfig({ file: 'etc/operator.yaml', cwd, env: {} });
    assert.is(config.data_directory, join(cwd, 'data'));
    assert.is(config.store.path, join(cwd, 'data', 'weft.db'));
    assert.equal(config.handlers.directories.slice(1), [join(cwd, 'etc', 'mine'), '/opt/theirs']);
    assert.equal(config.plugins, {
      directories: [join(cwd, 'etc', 'plugins')],
      options: { policy: { max: 3, teams: ['a', ['b']] } },
    });
    assert.equal(config.egress.allow, [{ scheme: 'http', host: '127.0.0.1', port: 8080, private: true }]);
    assert.equal(config.secrets, {
      KEY: { source: { file: join(cwd, 'etc', 'key.txt') }, hosts: ['api.test'], positions: ['auth'] },
    });
    assert.equal(config.api.tokens[0]!.token, { file: join(cwd, 'etc', 'token') });
    assert.is(config.api.host, '127.0.0.1');
    assert.is(config.api.port, 0);
  }));

test('the file is the named one, then that of WEFT_CONFIG, then weft.yaml here', () =>
  inDirectory(async (cwd) => {
    for (const name of ['weft.yaml', 'second.yaml', 'first.yaml']) {
      await writeFile(join(cwd, name), `data_directory: of_${name}`);
    }
    const of = async (options: { file?: string; env: Record<string, string> }) =>
      basename((await loadConfig({ cwd, ...options })).data_directory);
    assert.is(await of({ env: {} }), 'of_weft.yaml');
    assert.is(await of({ env: { WEFT_CONFIG: '' } }), 'of_weft.yaml');
    assert.is(await of({ env: { WEFT_CONFIG: 'second.yaml' } }), 'of_second.yaml');
    assert.is(await of({ file: join(cwd, 'first.yaml'), env: { WEFT_CONFIG: 'second.yaml' } }), 'of_first.yaml');
  }));

test('a file that was asked for must be there', () =>
  inDirectory(async (cwd) => {
    const named = await errorOf(loadConfig({ file: 'nowhere.yaml', cwd, env: {} }));
    assert.is(named.code, 'file_unreadable');
    assert.match(named.message, join(cwd, 'nowhere.yaml'));
    assert.is((await errorOf(loadConfig({ cwd, env: { WEFT_CONFIG: 'nowhere.yaml' } }))).code, 'file_unreadable');
    await mkdir(join(cwd, 'weft.yaml'));
    assert.is((await errorOf(loadConfig({ cwd, env: {} }))).code, 'file_unreadable');
  }));

test('a file that says nothing leaves the defaults', () =>
  inDirectory(async (cwd) => {
    for (const text of ['', '# nothing yet\n', '{}']) {
      await writeFile(join(cwd, 'weft.yaml'), text);
      assert.is((await loadConfig({ cwd, env: {} })).broker.cells, 2, JSON.stringify(text));
    }
  }));

test('the environment overrides the file, and its paths start at the working directory', () =>
  inDirectory(async (cwd) => {
    await mkdir(join(cwd, 'etc'));
    await writeFile(join(cwd, 'etc', 'weft.yaml'), 'api: { port: 1, host: 0.0.0.0 }\ndata_directory: here\n');
    const config = await loadConfig({
      file: join(cwd, 'etc', 'weft.yaml'),
      cwd,
      env: {
        WEFT_API_PORT: '2',
        WEFT_DATA_DIRECTORY: '0123',
        WEFT_LOG_LEVEL: 'silent',
        WEFT_LIMITS_HOST_CALLS_MAX: '',
        WEFT_HANDLERS_DIRECTORIES: '[a, "b"]',
        WEFT_SECRETS: '{"KEY": {"source": {"file": "k"}, "hosts": ["api.test"]}}',
        WEFT_SOMETHING_ELSE: 'is not ours',
      },
    });
    assert.is(config.api.port, 2);
    assert.is(config.api.host, '0.0.0.0');
    assert.is(config.data_directory, join(cwd, '0123'));
    assert.is(config.log.level, 'silent');
    assert.is(config.limits.host_calls_max, 100);
    assert.equal(config.handlers.directories.slice(1), [join(cwd, 'a'), join(cwd, 'b')]);
    assert.equal(config.secrets['KEY']!.source, { file: join(cwd, 'k') });
  }));

test('every mistake is told at once, where it is', async () => {
  const problems = await problemsOf(
    `apii: {}
api: { port: "x", tokens: [{ name: a, roles: [], token: { env: A, file: b } }] }
secrets:
  B: { source: { env: X }, hosts: [https://x] }
limits: { memory_bytes_max: 5, output_bytes: 1 }
api: {}
broker: { cells: 0 }
`,
    { WEFT_API_PORT: '-1', WEFT_BROKER_CELLS: 'many', WEFT_HANDLERS_DIRECTORIES: '[a' },
  );
  assert.equal(problems.sort(), [
    'WEFT_API_PORT:: value_invalid WEFT_API_PORT must be at least 0',
    'WEFT_BROKER_CELLS:: value_invalid WEFT_BROKER_CELLS must be integer, but is string',
    'WEFT_HANDLERS_DIRECTORIES:1:3 syntax_error flow sequence must end with a ]',
    'weft.yaml:1:1 key_unknown unknown key "apii"',
    'weft.yaml:2:50 value_invalid api.tokens.0.token must have at most 1 key, but has 2',
    'weft.yaml:2:8 value_invalid api.port must be integer, but is string',
    `weft.yaml:4:36 value_invalid secrets.B.hosts.0 must match the pattern ${JSON.stringify(HOST_PATTERN)}`,
    'weft.yaml:5:11 value_invalid limits.memory_bytes_max must be at least 1048576',
    'weft.yaml:5:32 key_unknown unknown key "output_bytes"',
    'weft.yaml:6:1 key_duplicate the key "api" is already there',
    'weft.yaml:7:11 value_invalid broker.cells must be at least 1',
  ]);
  assert.equal(await problemsOf('- a\n'), ['weft.yaml:1:1 value_invalid the config must be object, but is array']);
  assert.equal(await problemsOf('api: {\n'), [
    'weft.yaml:2:1 syntax_error flow map in block collection must be sufficiently indented and end with a }',
  ]);
});

test('an unknown key is answered with the nearest name', () =>
  inDirectory(async (cwd) => {
    await writeFile(join(cwd, 'weft.yaml'), 'limits: { memory_byte_max: 5000000 }');
    const { diagnostics } = await errorOf(loadConfig({ cwd, env: {} }));
    assert.is(diagnostics[0]!.suggestion, 'did you mean "memory_bytes_max"?');
  }));

test('what is loaded can be written down and loaded again', () =>
  inDirectory(async (cwd) => {
    const config = await loadConfig({ cwd, env: {} });
    const directories = config.handlers.directories.slice(1);
    const written: OperatorConfig = { ...config, handlers: { ...config.handlers, directories } };
    await writeFile(join(cwd, 'weft.yaml'), JSON.stringify(written));
    assert.equal(await loadConfig({ cwd, env: {} }), config);
  }));

test('the schema is sound, documents every key, and its defaults meet it', () => {
  const compiler = hostSchemaCompiler();
  assert.ok(compiler.compile(CONFIG_SCHEMA).ok);
  const leaves = leavesOf(CONFIG_SCHEMA);
  assert.is(new Set(leaves.map(({ path }) => variableOf(path))).size, leaves.length);
  for (const { path, schema } of leaves) {
    const compiled = compiler.compile(schema);
    assert.ok(compiled.ok && typeof schema['description'] === 'string', path.join('.'));
    if (compiled.ok && schema['default'] !== undefined) assert.equal(compiled.check(schema['default']), []);
  }
});

test('docs/config.md is what the schema says', async () => {
  const written = await readFile(new URL('../../docs/config.md', import.meta.url), 'utf8');
  assert.is(written, configReference(), 'run `npx node host/config/reference.ts`');
});

test('the example in the documentation loads', () =>
  inDirectory(async (cwd) => {
    const [, example] = /```yaml\n([\s\S]*?)```/.exec(configReference())!;
    await writeFile(join(cwd, 'weft.yaml'), example!);
    assert.is((await loadConfig({ cwd, env: {} })).data_directory, '/var/lib/weft');
  }));
