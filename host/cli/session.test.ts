import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { assert, suite } from '../../testing/suite.ts';
import { WeftClient } from './client.ts';

const test = suite('processes that share a store');

const root = fileURLToPath(new URL('../..', import.meta.url));
const launcher = path.join(root, 'host/cli/weft.js');

const TEMPLATE = `
name: ask
version: 1.0.0
steps:
  - name: approve
    handler: { catalog: gate, config: { title: 'Go on?', audience: ['role:manager'] } }
`;

type Weft = (...argv: readonly string[]) => ChildProcess;

interface Folder {
  readonly weft: Weft;
  readonly template: string;
  readonly socket: string;
}

async function inFolder(run: (folder: Folder) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(path.join(tmpdir(), 'weft-session-'));
  const data = path.join(directory, 'data');
  const template = path.join(directory, 'ask.yaml');
  await writeFile(template, TEMPLATE);
  const started: ChildProcess[] = [];
  const env = {
    PATH: process.env['PATH'],
    WEFT_DATA_DIRECTORY: data,
    // Components are transpiled once for all tests.
    WEFT_CACHE_DIRECTORY: path.join(root, 'build', 'test_cache'),
  };
  const weft: Weft = (...argv) => {
    const child = spawn(process.execPath, [launcher, ...argv], {
      cwd: directory,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    started.push(child);
    return child;
  };
  try {
    await run({ weft, template, socket: path.join(data, 'weft.sock') });
  } finally {
    for (const child of started.filter((each) => each.exitCode === null)) child.kill('SIGKILL');
    await rm(directory, { recursive: true, force: true });
  }
}

async function end(child: ChildProcess) {
  const exit = child.exitCode === null ? once(child, 'exit') : [child.exitCode];
  const [[code], stdout, stderr] = await Promise.all([exit, text(child.stdout!), text(child.stderr!)]);
  return { code: code as number | null, stdout, stderr };
}

/** The tasks that wait at gates, once there are `count`. */
async function gates(socket: string, count: number): Promise<readonly string[]> {
  const client = new WeftClient({ socket });
  try {
    for (;;) {
      const { items } = await client.gates({}).catch(() => ({ items: [] }));
      if (items.length >= count) return items.map(({ task_id }) => task_id);
      await sleep(20);
    }
  } finally {
    client.close();
  }
}

async function approve(socket: string, task_id: string): Promise<void> {
  const client = new WeftClient({ socket });
  const signal = { signal_id: task_id, data: { decision: 'approve' } };
  await client.signal(task_id, 'approve', signal, { roles: ['manager'] });
  client.close();
}

test('a second `weft run` joins the first, and takes over when it is killed', () =>
  inFolder(async ({ weft, template, socket }) => {
    const first = weft('run', template);
    await gates(socket, 1);
    const second = end(weft('run', template));
    const waiting = await gates(socket, 2);
    first.kill('SIGKILL');
    await once(first, 'exit');
    assert.is((await gates(socket, 2)).length, 2);
    for (const task of waiting) await approve(socket, task);
    const { code, stdout, stderr } = await second;
    assert.is(code, 0, stderr);
    assert.is(JSON.parse(stdout).status, 'complete');
    assert.match(stderr, 'going on here');
  }));

test('`weft serve` says where it answers, and ends when it is told to', () =>
  inFolder(async ({ weft, template, socket }) => {
    const server = weft('serve', '--port', '0', '--log-level', 'silent');
    const [said] = await once(server.stderr!, 'data');
    const [, url] = /answers at (http:\S+) and on \/\S+\/weft\.sock\n$/.exec(String(said))!;
    assert.is((await fetch(`${url}/readyz`)).status, 200);
    assert.is((await end(weft('run', template, '--no-wait'))).code, 13);
    const [task_id] = await gates(socket, 1);
    const watcher = end(weft('task', 'watch', task_id!, '--url', url!));
    assert.is((await end(weft('gate', 'approve', task_id!, '--role', 'manager', '--url', url!))).code, 1);
    assert.is((await end(weft('gate', 'approve', task_id!, '--role', 'manager'))).code, 0);
    assert.is((await watcher).code, 0);
    const ended = end(server);
    server.kill('SIGTERM');
    assert.is((await ended).code, 0);
    assert.is((await end(weft('task', 'list'))).code, 5);
  }));
