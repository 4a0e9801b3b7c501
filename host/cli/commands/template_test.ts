import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { WeftError } from '../../../kernel/errors.ts';
import type { TestResult } from '../../template_test/run_tests.ts';
import { command } from '../command.ts';
import { CONFIG_OPTION } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { type Paint, printable } from '../io.ts';
import { note, OUTPUT_OPTION, Output } from '../output.ts';
import { readTemplate } from '../read_input.ts';
import { createLogger, loadConfig } from '../runtime.ts';

/** Runs a template against canned outcomes. */
export const TEMPLATE_TEST = command({
  name: 'template test',
  summary: 'Run the tests of a template: canned outcomes, no network, no waiting.',
  details:
    'Tests are the files tests/*.yaml beside the template (docs/testing.md). The engine is the real one; steps without\n' +
    'canned outcomes run their handler unless it needs the network. Exit code 1 when a test fails.',
  arguments: [{ name: 'TEMPLATE|DIR', doc: 'A template file, or a folder with a template.yaml.' }],
  options: {
    file: { value: 'FILE', multiple: true, doc: 'Only this test; may be repeated.' },
    ...OUTPUT_OPTION,
    ...CONFIG_OPTION,
  },
  examples: [
    { line: 'weft template test examples/orders', doc: 'All of examples/orders/tests.' },
    { line: 'weft template test orders.yaml --file tests/late_feed.yaml', doc: 'One of them.' },
  ],
  async run({ args, options, io }) {
    const file = await templateFile(args[0]!);
    const { template: text } = await readTemplate(file, io);
    const { readTestFile } = await import('../../template_test/test_file.ts');
    const { runTests } = await import('../../template_test/run_tests.ts');
    const names = options.file.length > 0 ? options.file : await testsBeside(file);
    const files = await Promise.all(names.map(readTestFile));
    const config = await loadConfig(options.config, io.env);
    const results = await runTests({ kind: 'text', text, file }, files, config, createLogger('silent'));
    const output = new Output(io, options.output);
    if (output.format === 'table') for (const result of results) output.text(resultText(result, output.paint));
    else output.rows(results, () => []);
    const failed = results.filter(({ passed }) => !passed).length;
    note(io, `${results.length - failed} passed, ${failed} failed`);
    return failed === 0 ? EXIT.ok.code : EXIT.failure.code;
  },
});

async function templateFile(given: string): Promise<string> {
  const found = await stat(given).catch(() => undefined);
  return found?.isDirectory() === true ? path.join(given, 'template.yaml') : given;
}

/** @throws template_tests_missing */
async function testsBeside(template: string): Promise<readonly string[]> {
  const directory = path.join(path.dirname(template), 'tests');
  const names = await readdir(directory).catch((): string[] => []);
  const tests = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  if (tests.length === 0) throw new WeftError('template_tests_missing', { directory });
  return tests.map((name) => path.join(directory, name));
}

function resultText({ file, description, passed, problems, steps }: TestResult, paint: Paint): string {
  const mark = passed ? paint('green', '✔') : paint('red', '✘');
  const lines = [
    `${mark} ${printable(file)}${description === '' ? '' : `: ${printable(description)}`}`,
    ...problems.map(
      ({ file: where, line, column, pointer, message }) =>
        `  ${printable(`${where}:${line}:${column}: ${pointer.slice(1).replaceAll('/', '.')}: ${message}`)}`,
    ),
    ...steps.map(
      ({ name, status, failure }) => `    ${printable(`${name}: ${status}${failure === null ? '' : ` (${failure})`}`)}`,
    ),
  ];
  return `${lines.join('\n')}\n`;
}
