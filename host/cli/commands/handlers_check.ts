import path from 'node:path';
import type { CheckReport } from '../../handler_author/check/check_component.ts';
import type { CheckFinding } from '../../handler_author/check/finding.ts';
import type { Target } from '../../handler_author/target.ts';
import { DIRECTORY_OPTION, HANDLERS_DIRECTORY, sayingWhatIsWrong, targetOf } from '../author.ts';
import { command } from '../command.ts';
import { CONFIG_OPTION } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { printable } from '../io.ts';
import { note, OUTPUT_OPTION, Output } from '../output.ts';
import { usage } from '../parse.ts';

const COLOURS = { pass: 'green', skip: 'yellow', fail: 'red' } as const;

/** The conformance suite. */
export const HANDLERS_CHECK = command({
  name: 'handlers check',
  summary: 'Hold a component, whoever made it, to everything that Weft asks of one.',
  details:
    'World and capability, manifest, source, examples, cases, native against WASM, repetition, refused host functions,\n' +
    'a run that has to be killed, memory, size, cold start. Nothing of it runs outside a confined process. What does not\n' +
    'apply is skipped, with the reason. Exit code 1 when a check fails. docs/handler_authoring.md says what each asks.',
  arguments: [
    {
      name: 'FILE|DIR|NAME',
      doc: 'A component, or a handler, which is built first; every handler of --directory when absent.',
      optional: true,
    },
  ],
  options: {
    source: { value: 'FILE', doc: 'The handler.ts that the component was built from; its cases are beside it.' },
    ...DIRECTORY_OPTION,
    ...OUTPUT_OPTION,
    ...CONFIG_OPTION,
  },
  examples: [
    { line: 'weft handlers check hello', doc: 'handlers/hello, built first.' },
    { line: 'weft handlers check ./price.wasm', doc: "Somebody else's component, by the examples it carries." },
    { line: 'weft handlers check ./price.wasm --source ./price/handler.ts', doc: 'With its source and its cases.' },
    { line: 'weft handlers check -o json', doc: 'Every handler of ./handlers, for a script.' },
  ],
  run: ({ args, options, io }) =>
    sayingWhatIsWrong(io, async () => {
      const { checkHandler } = await import('../../handler_author/check/check_component.ts');
      const { buildTarget, withCache } = await import('../../handler_author/load.ts');
      const { sourceTargets } = await import('../../handler_author/target.ts');
      const directory = options.directory ?? HANDLERS_DIRECTORY;
      const [argument] = args;
      if (argument === undefined && options.source !== undefined) throw usage('--source needs a component');
      const targets = argument === undefined ? sourceTargets(directory) : [await targetOf(argument, options, io)];
      const output = new Output(io, options.output);
      const reports: CheckReport[] = [];
      for (const each of targets) {
        const target = options.source === undefined ? each : withSource(each, options.source);
        if (options.source === undefined) await buildTarget(target);
        const report = await withCache((cache) => checkHandler(target, cache));
        reports.push(report);
        if (output.format === 'table') show(report, output);
      }
      if (output.format !== 'table') output.rows(reports, () => []);
      const failed = reports.filter(({ ok }) => !ok).length;
      note(io, `${reports.length - failed} conform, ${failed} do not`);
      return failed === 0 ? EXIT.ok.code : EXIT.failure.code;
    }),
});

function withSource({ name, component }: Target, source: string): Target {
  if (path.basename(source) !== 'handler.ts') throw usage(`--source takes a handler.ts, not "${source}"`);
  return { kind: 'source', name, component, folder: path.resolve(path.dirname(source)) };
}

function show({ handler, component, findings }: CheckReport, output: Output): void {
  output.text(`${printable(handler)}  ${printable(component)}\n`);
  output.rows(findings, (paint) => [
    { title: 'CHECK', of: ({ check }: CheckFinding) => check },
    { title: 'STATUS', of: ({ status }) => paint(COLOURS[status], status) },
    { title: 'FOUND', of: ({ found, advice }) => printable(advice === null ? found : `${found} → ${advice}`) },
  ]);
}
