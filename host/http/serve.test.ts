import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { Client } from 'undici';
import { WeftError } from '../../kernel/errors.ts';
import { fakeEngine } from '../../testing/fake_engine.ts';
import { assert, suite } from '../../testing/suite.ts';
import type { OperatorConfig } from '../config/types.ts';
import { openNetworkDoor, type Served, serveApi } from './serve.ts';

const test = suite('serving the API');

type ApiConfig = OperatorConfig['api'];

async function inDirectory(run: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'weft-serve-'));
  try {
    await run(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function serve(data_directory: string, api: Partial<ApiConfig> = {}, network = true): Promise<Served> {
  const config = {
    data_directory,
    limits: { template_bytes_max: 1_000, context_bytes_max: 1_000, output_bytes_max: 1_024 },
    api: { host: '127.0.0.1', port: 0, tokens: [], ...api },
  } as unknown as OperatorConfig;
  const logger = pino({ level: 'silent' });
  return serveApi({
    engine: fakeEngine(),
    config,
    logger,
    version: '1.0.0',
    ...(network && { network: openNetworkDoor(config.api, { T: 'token-0123456789abcdef' }) }),
  });
}

async function codeOf(promise: Promise<Served>): Promise<string> {
  const served = await promise.catch((error: unknown) => error);
  if (served instanceof WeftError) return served.code;
  await (served as Served).close();
  return 'ok';
}

test('answers on the private socket as the user of this machine, with mode 0600', () =>
  inDirectory(async (directory) => {
    const { socket, url, close } = await serve(directory, {}, false);
    assert.is(url, undefined);
    assert.is((await stat(socket)).mode & 0o777, 0o600);
    assert.equal(await readdir(directory), ['weft.sock']);
    const client = new Client('http://localhost', { socketPath: socket });
    const body = JSON.stringify({ template: { name: 'x', steps: [] }, context: {} });
    const headers = { 'content-type': 'application/json' };
    const reply = await client.request({ method: 'POST', path: '/v1/tasks', body, headers });
    assert.is(reply.statusCode, 201);
    await reply.body.dump();
    await client.close();
    await close();
    assert.equal(await readdir(directory), []);
  }));

test('answers over TCP to readers without a token and to writers with one', () =>
  inDirectory(async (directory) => {
    const tokens = [{ name: 'robot', roles: ['submit'], token: { env: 'T' } }];
    const { url, close } = await serve(directory, { tokens });
    assert.is((await fetch(`${url}/v1/tasks`)).status, 200);
    const post = (headers: Record<string, string>) =>
      fetch(`${url}/v1/tasks`, {
        method: 'POST',
        body: JSON.stringify({ template: { name: 'x', steps: [] }, context: {} }),
        headers: { 'content-type': 'application/json', ...headers },
      });
    const refused = await post({});
    assert.equal([refused.status, refused.headers.get('www-authenticate')], [401, 'Bearer realm="weft"']);
    const made = await post({ authorization: 'Bearer token-0123456789abcdef' });
    assert.is(((await made.json()) as { submitted_by: string }).submitted_by, 'robot');
    await close();
  }));

test('a stranger is refused before a body is read', () =>
  inDirectory(async (directory) => {
    const { url, close } = await serve(directory);
    const { hostname, port } = new URL(url!);
    const socket = connect(Number(port), hostname);
    socket.write(
      'POST /v1/tasks HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n',
    );
    const [reply] = (await new Promise((resolve) => socket.once('data', (data) => resolve([String(data)])))) as [
      string,
    ];
    assert.match(reply, /^HTTP\/1.1 401 /);
    socket.destroy();
    await close();
  }));

test('takes over the socket of a process that died', () =>
  inDirectory(async (directory) => {
    await writeFile(path.join(directory, 'weft.sock'), '');
    const { socket, close } = await serve(directory, {}, false);
    assert.ok((await stat(socket)).isSocket());
    await close();
  }));

test('refuses what would be unsafe or cannot be, with an error that says so', () =>
  inDirectory(async (directory) => {
    assert.is(await codeOf(serve(directory, { host: '0.0.0.0' })), 'api_unguarded');
    assert.is(await codeOf(serve(directory, { host: '::' })), 'api_unguarded');
    const missing = [{ name: 'robot', roles: [], token: { env: 'MISSING' } }];
    assert.is(await codeOf(serve(directory, { tokens: missing })), 'token_unusable');
    assert.is(await codeOf(serve(path.join(directory, 'd'.repeat(120)))), 'socket_path_too_long');
    const first = await serve(directory);
    const port = Number(new URL(first.url!).port);
    const other = path.join(directory, 'other');
    assert.is(await codeOf(serve(other, { port })), 'address_unavailable');
    assert.equal(await readdir(other), []);
    await first.close();
    const tokens = [{ name: 'robot', roles: [], token: { env: 'T' } }];
    assert.is(await codeOf(serve(directory, { host: '0.0.0.0', tokens })), 'ok');
  }));
