import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { runCli } from '../../testing/cli.ts';
import { assert, suite } from '../../testing/suite.ts';
import { lockStore } from '../store/sqlite/lock.ts';
import { openSqliteStore } from '../store/sqlite/sqlite_store.ts';
import type { Finding } from './finding.ts';
import { checkBuilt } from './handlers.ts';
import { checkNode, checkPins } from './installation.ts';
import { checkStore } from './store.ts';

const test = suite('weft doctor');

/** Components are translated once for all tests. */
const CACHE = new URL('../../build/test_cache', import.meta.url).pathname;

async function inFolder(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-doctor-test-'));
  try {
    await run(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** What doctor says with a config, by check. */
async function doctor(directory: string, config: string, env: NodeJS.ProcessEnv = {}) {
  const file = join(directory, 'weft.yaml');
  await writeFile(file, config);
  const argv = ['doctor', '--config', file, '-o', 'json'];
  const { code, stdout } = await runCli(argv, { env: { WEFT_API_PORT: '0', WEFT_CACHE_DIRECTORY: CACHE, ...env } });
  const findings = JSON.parse(stdout) as Finding[];
  return { code, findings, of: Object.fromEntries(findings.map((each) => [each.check, each])) };
}

test('a machine that has all it needs passes every check, and no data directory is made', () =>
  inFolder(async (directory) => {
    const { code, findings } = await doctor(directory, 'data_directory: data\n');
    assert.is(code, 0);
    assert.equal(
      findings.filter(({ status }) => status !== 'ok'),
      [],
    );
    const again = await doctor(directory, 'data_directory: data\n');
    assert.match(again.of['data_directory']!.found, 'made when needed');
  }));

test('a broken config is the finding, with every problem in it', () =>
  inFolder(async (directory) => {
    const { code, of } = await doctor(directory, 'api: { prot: 1 }\nlimits: 3\n');
    assert.is(code, 1);
    assert.is(of['config']!.status, 'fail');
    assert.match(of['config']!.found, 'prot');
    assert.match(of['config']!.found, ':2 ');
    assert.is(of['store'], undefined, 'what needs a config is left out');
  }));

test('each part of a config that cannot work fails its own check and says what to do', () =>
  inFolder(async (directory) => {
    await writeFile(join(directory, 'a_file'), '');
    await mkdir(join(directory, 'plugins'));
    await writeFile(join(directory, 'store.db'), 'x'.repeat(5_000));
    const { code, of } = await doctor(
      directory,
      `data_directory: a_file/data
store: { path: store.db }
handlers: { directories: [nowhere] }
secrets: { KEY: { source: { env: NOT_SET }, hosts: [a.test] } }
api: { host: 0.0.0.0 }
`,
    );
    assert.is(code, 1);
    for (const check of ['data_directory', 'store', 'handlers', 'secrets', 'api_tokens']) {
      assert.is(of[check]!.status, 'fail', check);
      assert.ok(of[check]!.advice, check);
    }
    assert.match(of['handlers']!.found, 'nowhere');
    const plugged = await doctor(directory, 'data_directory: data\nplugins: { directories: [nowhere] }\n');
    assert.is(plugged.of['plugins']!.status, 'fail');
    assert.is(plugged.of['handlers'], undefined);
  }));

test('a data directory that others can read is warned of, with exit code 0', () =>
  inFolder(async (directory) => {
    await mkdir(join(directory, 'data'));
    await chmod(join(directory, 'data'), 0o755);
    const { code, of } = await doctor(directory, 'data_directory: data\n');
    assert.equal([code, of['data_directory']!.status], [0, 'warn']);
    assert.match(of['data_directory']!.advice!, 'chmod 700');
  }));

test('a port that another program has is warned of', () =>
  inFolder(async (directory) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const port = String((server.address() as AddressInfo).port);
      const { of } = await doctor(directory, 'data_directory: data\n', { WEFT_API_PORT: port });
      assert.is(of['port']!.status, 'warn');
      assert.match(of['port']!.found, `127.0.0.1:${port} is taken by another program`);
    } finally {
      server.close();
    }
  }));

test('tells who owns the store, and that the clock is behind it, without touching it', () =>
  inFolder(async (directory) => {
    const path = join(directory, 'weft.db');
    await (await openSqliteStore({ path })).close();
    const tomorrow = Date.now() + 86_400_000;
    const db = new DatabaseSync(path);
    db.exec(`INSERT INTO task VALUES ('t', 'a', '1', 'd', 'n', 'running', 0, 'x', ${tomorrow}, ${tomorrow}, NULL)`);
    db.close();
    const status = (answers: boolean, now = Date.now()) =>
      Object.fromEntries(checkStore(path, answers, now).map((each) => [each.check, each]));
    assert.match(status(false)['store']!.found, /schema \d+, 1 task$/);
    assert.match(status(false)['store_lock']!.found, 'nobody');
    assert.equal([status(false)['clock']!.status, status(false, tomorrow)['clock']!.status], ['warn', 'ok']);
    const lock = lockStore(path);
    try {
      assert.equal([status(false)['store_lock']!.status, status(true)['store_lock']!.status], ['warn', 'ok']);
      assert.match(status(false)['store_lock']!.found, `process ${process.pid}`);
    } finally {
      lock.release();
    }
    lockStore(path).release();
  }));

test('a store of a later Weft is refused', () =>
  inFolder(async (directory) => {
    const path = join(directory, 'weft.db');
    await (await openSqliteStore({ path })).close();
    const db = new DatabaseSync(path);
    db.exec('PRAGMA user_version = 9999');
    db.close();
    const [finding] = checkStore(path, false, Date.now());
    assert.is(finding!.status, 'fail');
    assert.match(finding!.found, '9999');
  }));

test('a pinned package of another version, or none, is warned of with the override to write', () =>
  inFolder(async (directory) => {
    const at = async (name: string, version: string) => {
      await mkdir(join(directory, 'node_modules', name), { recursive: true });
      await writeFile(join(directory, 'node_modules', name, 'package.json'), JSON.stringify({ name, version }));
    };
    const manifest = join(directory, 'package.json');
    const pins = {
      dependencies: { '@bytecodealliance/jco': '1.0.0' },
      overrides: { '@bytecodealliance/preview2-shim': '2.0.0' },
    };
    await writeFile(manifest, JSON.stringify(pins));
    await at('@bytecodealliance/jco', '1.0.0');
    await at('@bytecodealliance/preview2-shim', '2.0.1');
    const [jco, shim] = checkPins(manifest);
    assert.equal([jco!.status, shim!.status], ['ok', 'warn']);
    assert.match(shim!.advice!, '"@bytecodealliance/preview2-shim": "2.0.0"');
    assert.match(checkNode('/x/node_modules/node/bin/node', 'v26.0.0').found, 'package "node"');
    assert.match(checkNode('/usr/bin/node', 'v26.0.0').found, 'in PATH');
  }));

test('handlers that were never built, or whose source has changed, are warned of', () =>
  inFolder(async (directory) => {
    assert.match((await checkBuilt(undefined, directory)).found, 'holds no component');
    await writeFile(join(directory, 'gate.wasm'), '');
    const { status, found } = await checkBuilt(undefined, directory);
    assert.is(status, 'warn');
    assert.match(found, 'gate');
    assert.match((await checkBuilt(directory, directory)).found, '1 came with Weft');
  }));
