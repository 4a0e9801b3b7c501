import { runCli, withFakeServer } from '../../testing/cli.ts';
import { BROKEN_TEMPLATE, FAKE_TEMPLATE } from '../../testing/fake_task.ts';
import { assert, suite } from '../../testing/suite.ts';
import { COMMANDS } from './commands/all.ts';

const test = suite('weft');

test('help goes to stdout and names every command', async () => {
  const { code, stdout, stderr } = await runCli(['help']);
  assert.equal([code, stderr], [0, '']);
  for (const { name } of COMMANDS) assert.match(stdout, `weft ${name} `);
  assert.is((await runCli([])).stdout, stdout);
  assert.is((await runCli(['--help'])).stdout, stdout);
});

test('every command helps with usage, options and examples', async () => {
  for (const { name, options, examples } of COMMANDS) {
    const { code, stdout } = await runCli([...name.split(' '), '--help']);
    assert.is(code, 0);
    assert.match(stdout, `Usage: weft ${name}`);
    for (const option of Object.keys(options)) assert.match(stdout, `--${option}`);
    assert.ok(examples.length > 0, name);
    assert.is((await runCli(['help', ...name.split(' ')])).stdout, stdout);
  }
});

test('a command line that is not understood is answered with the nearest name and exit code 2', async () => {
  const refused = async (...argv: string[]) => {
    const { code, stdout, stderr } = await runCli(argv);
    assert.equal([code, stdout], [2, ''], argv.join(' '));
    return stderr;
  };
  assert.match(await refused('serv'), 'did you mean "serve"?');
  assert.match(await refused('task', 'cancle', 'x'), 'did you mean "task cancel"?');
  assert.match(await refused('task'), '"task" has submit, list');
  assert.match(await refused('help', 'gat'), 'did you mean "gate"?');
  assert.match(await refused('task', 'list', '--satus', 'error'), 'did you mean "--status"?');
  assert.match(await refused('task', 'list', '--status', 'eror'), 'did you mean "error"?');
  assert.match(await refused('task', 'list', '--status'), '--status needs a value: --status STATUS');
  assert.match(await refused('task', 'list', '--template', '--all'), '--template needs a value');
  assert.match(await refused('task', 'list', '--all=yes'), '--all takes no value');
  assert.match(await refused('task', 'list', 'extra'), 'no use for "extra"');
  assert.match(await refused('task', 'show'), 'needs TASK');
  assert.match(await refused('task', 'list', '--limit', '0'), '--limit takes a number');
  assert.match(await refused('task', 'list', '--url', 'ftp://x'), 'not an address');
  assert.match(await refused('serve', '--port', '70000'), '--port takes a number');
});

test('errors come with the exit code of their kind, and never with a stack', () =>
  withFakeServer(async ({ weft, file, directory }) => {
    const broken = await file('broken.yaml', BROKEN_TEMPLATE);
    const good = await file('good.yaml', FAKE_TEMPLATE);
    const codes: readonly (readonly [number, ...string[]])[] = [
      [4, 'task', 'show', 'none'],
      [4, 'handlers', 'show', 'none'],
      [5, 'task', 'list', '--url', `unix:${directory}/nobody`],
      [5, 'task', 'list', '--url', 'http://127.0.0.1:1'],
      [10, 'task', 'submit', broken],
      [10, 'template', 'validate', broken],
      [10, 'template', 'graph', broken],
      [10, 'task', 'submit', good, '-c', '{"a": 1, "a": 2}'],
      [1, 'task', 'submit', `${directory}/missing.yaml`],
      [1, 'task', 'submit', directory],
      [2, 'task', 'submit', good, '-c', '[1]'],
    ];
    for (const [expected, ...argv] of codes) {
      const { code, stderr, stdout } = await weft(...argv);
      assert.is(code, expected, `${argv.join(' ')}: ${stderr}`);
      assert.not.match(stderr, /\n\s+at /);
      assert.ok(stderr !== '' || stdout !== '', argv.join(' '));
    }
  }));

test('what the terminal would obey is shown instead', () =>
  withFakeServer(async ({ weft, file }) => {
    const good = await file('good.yaml', FAKE_TEMPLATE);
    const evil = '{"note": "\\u001b]0;owned\\u0007"}';
    const { stdout } = await weft('task', 'submit', good, '-c', evil, '-o', 'table');
    assert.not.match(stdout, '\u001b');
    const missing = await weft('task', 'show', '\u001b[2J');
    assert.not.match(missing.stderr, '\u001b');
  }));
