import { execFile } from 'node:child_process';
import { cp, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve, sep } from 'node:path';
import { assert, suite } from './suite.ts';

const test = suite('the package');

const REPOSITORY = resolve(import.meta.dirname, '..');
const BIN = 'node_modules/.bin/weft';

interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder that knows nothing of the repository, with Weft installed from its tarball. */
let project = '';
let weftPackage = '';

test.before(async () => {
  project = await realpath(await mkdtemp(join(tmpdir(), 'weft-package-')));
  await cp(join(import.meta.dirname, 'consumer'), project, { recursive: true });
  await run('npm', ['pack', '--pack-destination', project], REPOSITORY);
  const tarball = (await readdir(project)).find((name) => name.endsWith('.tgz'))!;
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${tarball}`]);
  weftPackage = join(project, 'node_modules', 'weft');
});

test.after(() => rm(project, { recursive: true, force: true }));

test('holds what runs, and neither sources nor tests', async () => {
  const files = (await readdir(weftPackage, { recursive: true })).map((file) => file.replaceAll(sep, '/'));
  for (const name of ['LICENSE', 'README.md', 'ARCHITECTURE.md', 'wit/handler/handler.wit', 'dist/kernel/index.d.ts'])
    assert.ok(files.includes(name), `${name} is missing`);
  const unwanted = /(?<!\.d)\.ts$|\.test\.|(?<!host\/)conformance|fixtures|^(bench|examples|testing|kernel)/;
  assert.equal(
    files.filter((file) => unwanted.test(file)),
    [],
  );
  const handlers = (await readdir(join(REPOSITORY, 'handlers'))).filter((name) => name !== 'guest').sort();
  const components = files.filter((file) => file.endsWith('.wasm')).sort();
  assert.equal(
    components,
    handlers.map((name) => `build/handlers/${name}.wasm`),
  );
});

test('starts on whichever Node there is', async () => {
  const { version } = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8')) as { version: string };
  assert.is((await weft('--version')).trim(), version);
});

test("builds a stranger's handler and runs it beside its own", async () => {
  await weft('handlers', 'build', 'handlers', '--out', 'components');
  const listed = JSON.parse(await weft('handlers', 'list', '-o', 'json')) as { name: string }[];
  assert.ok(listed.some(({ name }) => name === 'greet'));
  assert.ok(listed.some(({ name }) => name === 'transform'));

  await weft('template', 'validate', 'template.yaml');
  const task = JSON.parse(await weft('run', 'template.yaml', '--context', '{"name": "Ada"}', '-o', 'json')) as {
    status: string;
    steps: { name: string; result: unknown }[];
  };
  assert.is(task.status, 'complete');
  assert.equal(
    task.steps.map(({ name, result }) => [name, result]),
    [
      ['greet', { text: 'Hello, Ada' }],
      ['shout', 'HELLO, ADA'],
    ],
  );
});

test('scaffolds a handler that builds, passes its cases and conforms', async () => {
  await weft('handlers', 'new', 'hello', '--imports', 'http,log');
  assert.match(await readFile(join(project, 'handlers/hello/handler.ts'), 'utf8'), "from 'weft/guest/http';");
  const round = JSON.parse(await weft('handlers', 'dev', 'hello', '--once', '-o', 'json')) as {
    results: { name: string; passed: boolean }[];
  };
  assert.equal(
    round.results.map(({ name, passed }) => [name, passed]),
    [
      ['greets', true],
      ['greets_nobody', true],
      ['request_denied', true],
    ],
  );
  const [report] = JSON.parse(await weft('handlers', 'check', 'hello', '-o', 'json')) as [
    { ok: boolean; findings: { check: string; status: string }[] },
  ];
  assert.ok(report.ok, JSON.stringify(report.findings));
  const statuses = report.findings.map(({ check, status }) => [check, status] as const);
  assert.is(new Map(statuses).get('native'), 'pass');
  assert.is(new Map(statuses).get('denied weft:http/client'), 'pass');
});

test("applies a stranger's plugin beside its own", async () => {
  const command = ['template', 'validate', 'template.yaml', '--config', 'with_plugins.yaml', '-o', 'json'];
  const { code, stdout, stderr } = await ended(join(project, BIN), command, project);
  assert.is(code, 10, stderr);
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { code: string; line: number }[] };
  assert.equal(
    diagnostics.map(({ code, line }) => [code, line]),
    [['owners/no_owner', 1]],
  );
});

test('scaffolds plugins that pass their suites, load and are used', async () => {
  for (const kind of ['planner', 'llm', 'validator']) {
    await weft('plugins', 'new', kind, `my_${kind}`, '--directory', 'ours');
    await run(process.execPath, ['--test', `ours/my_${kind}/conformance.test.ts`]);
  }
  await writeFile(join(project, 'ours.yaml'), 'plugins: { directories: [ours] }\n');
  const plan = { name: 'plan', type: 'planning', planner: 'my_planner', goal: 'Reach it' };
  await writeFile(join(project, 'planned.yaml'), JSON.stringify({ name: 'planned', steps: [plan] }));
  const listed = JSON.parse(await weft('plugins', 'list', '--config', 'ours.yaml', '-o', 'json')) as { name: string }[];
  for (const name of ['my_planner', 'my_llm', 'my_validator', 'llm'])
    assert.ok(
      listed.some((plugin) => plugin.name === name),
      name,
    );
  const task = JSON.parse(await weft('run', 'planned.yaml', '--config', 'ours.yaml', '-o', 'json')) as {
    status: string;
    steps: { name: string; result: unknown }[];
  };
  assert.equal([task.status, task.steps.map(({ result }) => result)], ['complete', ['Reach it', 'Reach it']]);
});

test('runs as a library', async () => {
  assert.is((await run(process.execPath, ['library.ts'])).trim(), 'HELLO, ADA');
});

test('brings its types', async () => {
  const tools = join(REPOSITORY, 'node_modules');
  const nodeTypes = ['--types', 'node', '--typeRoots', join(tools, '@types')];
  await run(process.execPath, [join(tools, 'typescript', 'bin', 'tsc'), '--project', project, ...nodeTypes]);
});

/** What `weft` of the package prints. */
function weft(...args: string[]): Promise<string> {
  return run(join(project, BIN), args);
}

/** What a program prints. @throws Error with all that it said, when it fails */
async function run(program: string, args: readonly string[], cwd = project): Promise<string> {
  const { code, stdout, stderr } = await ended(program, args, cwd);
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

function ended(program: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((end) => {
    execFile(program, args, { cwd, env: outerEnvironment() }, (error, stdout, stderr) =>
      end({ code: error === null ? 0 : (error.code ?? error.message), stdout, stderr }),
    );
  });
}

/** The environment as it was before npm ran this: with the machine's own Node, and no trace of the repository. */
function outerEnvironment(): NodeJS.ProcessEnv {
  const { PATH = '', ...rest } = process.env;
  const kept = Object.entries(rest).filter(([name]) => !/^(npm_|INIT_CWD$|WEFT_)/.test(name));
  const directories = PATH.split(delimiter).filter((directory) => !directory.split(sep).includes('node_modules'));
  return { ...Object.fromEntries(kept), PATH: directories.join(delimiter) };
}
