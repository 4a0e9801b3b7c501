import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runCli } from '../../../testing/cli.ts';
import { assert, suite } from '../../../testing/suite.ts';
import type { HandlerFile } from '../../catalog/handler_files.ts';
import { socketPath } from '../../http/socket_path.ts';
import type { StepView, TaskView } from '../../orchestrator/port.ts';
import { greeterVariant } from '../../sandbox/fixtures/variant.ts';

const test = suite('weft serve --handlers');

const START = join(import.meta.dirname, '../start.ts');
/** Weft's own components are translated once for all tests. */
const CACHE = join(import.meta.dirname, '../../../build/test_cache');
const PATIENCE_MS = 60_000;

interface Served {
  /** The watched directory. */
  readonly handlers: string;
  /** Runs a command line against the server. @throws Error unless it ends with `code` */
  weft(argv: readonly string[], code?: number): Promise<string>;
  put(name: string, bytes: Uint8Array): Promise<void>;
  /** The file, once it is as `holds` wants it. */
  file(name: string, holds: (file: HandlerFile | undefined) => boolean): Promise<HandlerFile | undefined>;
  /** Writes a template of one step, `greet`. */
  template(handler: string, config?: object): Promise<string>;
}

async function withServer(use: (served: Served) => Promise<void>): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'weft-serve-'));
  const handlers = join(root, 'handlers');
  await mkdir(handlers);
  const env = {
    WEFT_DATA_DIRECTORY: join(root, 'data'),
    WEFT_CACHE_DIRECTORY: CACHE,
    WEFT_HANDLERS_GRANTS: '[{imports: [http], handlers: [greeter]}]',
  };
  const args = [START, 'serve', '--port', '0', '--handlers', handlers];
  const server = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    await answering(server);
    const url = `unix:${socketPath(env.WEFT_DATA_DIRECTORY)}`;
    const weft = async (argv: readonly string[], code = 0): Promise<string> => {
      const ended = await runCli(argv, { env: { WEFT_URL: url } });
      if (ended.code !== code) throw new Error(`weft ${argv.join(' ')}: ${ended.code}\n${ended.stdout}${ended.stderr}`);
      return ended.stdout;
    };
    await use({
      handlers,
      weft,
      async put(name, bytes) {
        const file = join(handlers, name);
        await writeFile(`${file}.new`, bytes);
        await rename(`${file}.new`, file);
      },
      async file(name, holds) {
        const until = performance.now() + PATIENCE_MS;
        for (;;) {
          const files = JSON.parse(await weft(['handlers', 'list', '--files', '-o', 'json'])) as HandlerFile[];
          const found = files.find(({ file }) => file === join(handlers, name));
          if (holds(found)) return found;
          if (performance.now() > until) throw new Error(`${name} is ${JSON.stringify(found)}`);
          await sleep(50);
        }
      },
      async template(handler, config = {}) {
        const file = join(root, 'template.yaml');
        const step = { name: 'greet', handler: { catalog: handler, config }, inputs: { name: 'Ada' } };
        await writeFile(file, JSON.stringify({ name: 'greeting', version: '1.0.0', steps: [step] }));
        return file;
      },
    });
  } finally {
    server.kill('SIGKILL');
    await rm(root, { recursive: true, force: true });
  }
}

/** Resolves once the server says that it answers; its log is drained from then on. */
async function answering(server: ChildProcess): Promise<void> {
  const exited = once(server, 'exit').then(([code]) => {
    throw new Error(`weft serve ended with ${code}: ${said}`);
  });
  exited.catch(() => undefined);
  let said = '';
  const { promise, resolve } = Promise.withResolvers<void>();
  server.stderr!.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-5_000);
    if (said.includes('answers at')) resolve();
  });
  await Promise.race([promise, exited]);
}

const stepOf = (task: TaskView): StepView => task.steps[0]!;

test('a component that is copied in is used at once; a broken one is refused; what is removed disturbs nothing', () =>
  withServer(async ({ handlers, weft, put, file, template }) => {
    await weft(['run', await template('greeter')], 10);
    await put('greeter.wasm', await greeterVariant());
    await file('greeter.wasm', (found) => found?.status === 'loaded');
    const first = JSON.parse(await weft(['run', await template('greeter@^1')])) as TaskView;
    assert.equal(stepOf(first).result, { said: 'hello Ada', by: '1.0.0' });

    // Broken: refused, listed, and nothing has changed.
    await put('greeter.wasm', Buffer.from('no component'));
    const refused = await file('greeter.wasm', (found) => found?.status === 'refused');
    assert.equal([refused!.stage, refused!.diagnostics[0]!.code], ['structure', 'component_malformed']);
    assert.match(await weft(['handlers', 'list', '--files', '-o', 'table']), 'component_malformed');
    const second = JSON.parse(await weft(['run', await template('greeter')])) as TaskView;
    assert.is(stepOf(second).handler.digest, stepOf(first).handler.digest);

    // Another version stands beside it, and a range picks.
    await put('greeter-1.1.wasm', await greeterVariant({ version: '1.1.0' }));
    await file('greeter-1.1.wasm', (found) => found?.status === 'loaded');
    for (const [range, by] of Object.entries({ 'greeter@~1.0': '1.0.0', greeter: '1.1.0' })) {
      const task = JSON.parse(await weft(['run', await template(range)])) as TaskView;
      assert.equal(stepOf(task).result, { said: 'hello Ada', by });
    }

    // A step that is pinned to what goes away ends as it began.
    const { task_id } = JSON.parse(
      await weft(['task', 'submit', await template('greeter@1.1.0', { spins: 60_000_000 }), '-o', 'json']),
    ) as TaskView;
    const paused = JSON.parse(
      await weft(['task', 'submit', await template('greeter@1.1.0'), '--paused', '-o', 'json']),
    ) as TaskView;
    await rm(join(handlers, 'greeter-1.1.wasm'));
    await file('greeter-1.1.wasm', (found) => found === undefined);
    await weft(['run', await template('greeter@1.1.0')], 10);
    await weft(['task', 'resume', paused.task_id]);
    for (const id of [task_id, paused.task_id]) {
      const until = performance.now() + PATIENCE_MS;
      let task: TaskView;
      do task = JSON.parse(await weft(['task', 'show', id, '-o', 'json'])) as TaskView;
      while (task.status !== 'complete' && performance.now() < until);
      assert.equal(stepOf(task).result, { said: 'hello Ada', by: '1.1.0' });
    }

    const shown = await weft(['step', 'show', first.task_id, 'greet', '-o', 'table']);
    for (const line of [/run on +\S+/, /times +waited .+ instance .+ ran /, /memory +[\d.]+ MB/, /host calls +0/]) {
      assert.match(shown, line);
    }
  }));

test('what is not granted is refused with what to write where', () =>
  withServer(async ({ put, file }) => {
    await put('welcome.wasm', await greeterVariant({ name: 'welcome' }));
    const refused = await file('welcome.wasm', (found) => found?.status === 'refused');
    const [diagnostic] = refused!.diagnostics;
    assert.equal([diagnostic!.code, diagnostic!.got], ['handler_import_not_granted', 'weft:http/client@1.0.0']);
    assert.match(diagnostic!.suggestion!, 'imports: [http], handlers: [welcome]');
  }));
