import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { withFakeServer } from '../../testing/cli.ts';
import { assert, suite } from '../../testing/suite.ts';

const test = suite('launcher');

const launcher = fileURLToPath(new URL('./weft.js', import.meta.url));

/** A Node on this machine that is too old for Weft, if there is one. */
const oldNode = (process.env['PATH'] ?? '')
  .split(path.delimiter)
  .map((folder) => path.join(folder, 'node'))
  .find((node) => existsSync(node) && Number(/^v(\d+)/.exec(String(spawnSync(node, ['-v']).stdout))?.[1]) < 26);

const nodes = [process.execPath, ...(oldNode === undefined ? [] : [oldNode])];

function start(node: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
  return spawn(node, [launcher, ...argv], { env: { PATH: process.env['PATH'], ...env }, stdio });
}

async function end(child: ReturnType<typeof start>) {
  const [[code], stdout, stderr] = await Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]);
  return { code: code as number | null, stdout, stderr };
}

test('runs on this Node and from any older one, with the words, output and exit code as they are', async () => {
  for (const node of nodes) {
    const shown = await end(start(node, ['help', 'task', 'list']));
    assert.equal([shown.code, shown.stderr], [0, '']);
    assert.match(shown.stdout, 'Usage: weft task list');
    const refused = await end(start(node, ['task', 'list', '--limit', 'a b']));
    assert.equal([refused.code, refused.stdout], [2, '']);
    assert.match(refused.stderr, 'not "a b"');
  }
});

test('a signal ends what it started, and the exit code says so', () =>
  withFakeServer(async ({ engine, url }) => {
    for (const node of nodes) {
      const { task_id } = engine.gate();
      const child = start(node, ['task', 'watch', task_id, '-o', 'jsonl'], { WEFT_URL: url });
      const ended = end(child);
      await once(child.stdout, 'data');
      child.kill('SIGTERM');
      const { code, stdout } = await ended;
      assert.is(code, 130);
      assert.match(stdout, 'step_suspended');
    }
  }));

test('ends quietly when nobody reads its output any more', () =>
  withFakeServer(async ({ engine, url }) => {
    for (let index = 0; index < 400; index++) engine.gate();
    const child = start(process.execPath, ['task', 'list', '--all'], { WEFT_URL: url });
    child.stdout.destroy();
    const [[code], stderr] = await Promise.all([once(child, 'exit'), text(child.stderr)]);
    assert.equal([code, stderr], [0, '']);
  }));
