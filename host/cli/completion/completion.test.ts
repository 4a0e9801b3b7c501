import { spawnSync } from 'node:child_process';
import { runCli } from '../../../testing/cli.ts';
import { assert, suite } from '../../../testing/suite.ts';
import { COMMANDS } from '../commands/all.ts';

const test = suite('shell completion');

const SOURCED = `source /dev/stdin <<< "$WEFT_SCRIPT"
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); _weft; printf '%s\\n' "\${COMPREPLY[@]}"`;

/** What bash offers for the last of the words. */
async function offered(...words: readonly string[]): Promise<readonly string[]> {
  const { stdout: script } = await runCli(['completion', 'bash']);
  const env = { PATH: process.env['PATH'], WEFT_SCRIPT: script };
  const { stdout, stderr, status } = spawnSync(
    'bash',
    ['--norc', '--noprofile', '-c', SOURCED, 'bash', 'weft', ...words],
    {
      encoding: 'utf8',
      env,
    },
  );
  assert.equal([status, stderr], [0, '']);
  return stdout.split('\n').filter((line) => line !== '');
}

test('bash completes commands, groups and verbs', async () => {
  assert.equal(await offered('ser'), ['serve']);
  assert.equal(await offered('task', 're'), ['resume', 'resolve', 'remove']);
  assert.equal(await offered('help', 'doc'), ['doctor']);
  for (const { name } of COMMANDS) {
    const words = name.split(' ');
    assert.ok((await offered(...words.slice(0, -1), '')).includes(words.at(-1)!), name);
  }
});

test('bash completes options, and the values of those that have choices', async () => {
  assert.equal(await offered('task', 'list', '--st'), ['--status']);
  assert.equal(await offered('task', 'list', '--status', 'bl'), ['blocked_by_failures']);
  assert.equal(await offered('task', 'list', '-o', 'json'), ['json', 'jsonl']);
  assert.equal(await offered('task', 'list', '--template', ''), []);
  assert.equal(await offered('completion', 'f'), ['fish']);
  assert.ok((await offered('run', '-')).includes('--help'));
});

test('bash completes files where a command takes one', async () => {
  assert.equal(await offered('run', 'package.j'), ['package.json']);
  assert.equal(await offered('run', 'x.yaml', '--context', 'tsconfig.b'), ['tsconfig.build.json']);
  assert.equal(await offered('task', 'show', 'package.j'), []);
});

test('zsh and fish know every command and option', async () => {
  for (const shell of ['zsh', 'fish']) {
    const { stdout } = await runCli(['completion', shell]);
    for (const { name, options } of COMMANDS) {
      assert.match(stdout, name, shell);
      for (const option of Object.keys(options)) assert.match(stdout, shell === 'zsh' ? `--${option}` : `-l ${option}`);
    }
  }
});

test('another shell is refused with those there are', async () => {
  const { code, stderr } = await runCli(['completion', 'bsh']);
  assert.is(code, 2);
  assert.match(stderr, 'bash, zsh, fish; did you mean "bash"?');
});
