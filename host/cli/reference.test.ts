import { readFile } from 'node:fs/promises';
import { ERRORS, type ErrorCode, WeftError } from '../../kernel/errors.ts';
import { runCli } from '../../testing/cli.ts';
import { assert, suite } from '../../testing/suite.ts';
import { problemOf } from '../http/problem.ts';
import { COMMANDS } from './commands/all.ts';
import { EXIT } from './exit.ts';
import { parseCommandLine } from './parse.ts';
import { cliReference, errorReference } from './reference.ts';

const test = suite('documentation of commands and errors');

const read = (name: string) => readFile(new URL(`../../docs/${name}`, import.meta.url), 'utf8');

test('docs/cli.md is what the commands say', async () => {
  assert.is(await read('cli.md'), cliReference(), 'run `npx node host/cli/reference.ts`');
});

test('docs/errors.md is what the table of errors says', async () => {
  assert.is(await read('errors.md'), errorReference(), 'run `npx node host/cli/reference.ts`');
});

test('every error has a place in the documentation, an HTTP status and an exit code that mean what they say', async () => {
  const documented = await read('errors.md');
  const exits: readonly number[] = Object.values(EXIT).map(({ code }) => code);
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const { kind, status, exit, template } = ERRORS[code];
    assert.match(documented, `### ${code}\n`);
    assert.is(problemOf(new WeftError(code)).type, `docs/errors.md#${code}`);
    assert.ok(exits.includes(exit), `${code}: exit code ${exit}`);
    assert.ok(status >= 400 && status < 600, `${code}: ${status}`);
    if (kind === 'bug') assert.is(status, 500, code);
    assert.ok(template.length > 0);
  }
});

test('an error says its parameters', () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const names = [...ERRORS[code].template.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
    const { message } = new WeftError(code, Object.fromEntries(names.map((name) => [name, `<${name}>`])));
    for (const name of names) assert.match(message, `<${name}>`);
    assert.not.match(message, /\{\w+\}/);
  }
});

test('every example is a command line that is understood', () => {
  for (const { name, examples } of COMMANDS) {
    for (const { line } of examples) {
      const [weft, ...words] = shellWords(line);
      assert.is(weft, 'weft');
      const asked = parseCommandLine(words, COMMANDS);
      assert.ok(asked.kind === 'command' && asked.command.name === name, line);
    }
  }
});

test('the version is that of the package', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.is((await runCli(['--version'])).stdout, `${version}\n`);
});

function shellWords(line: string): readonly string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
}
