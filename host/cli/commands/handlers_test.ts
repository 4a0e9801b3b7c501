import {
  countText,
  DIRECTORY_OPTION,
  HANDLERS_DIRECTORY,
  resultLines,
  sayingWhatIsWrong,
  targetOf,
} from '../author.ts';
import { command } from '../command.ts';
import { CONFIG_OPTION } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { printable } from '../io.ts';
import { note, OUTPUT_OPTION, Output } from '../output.ts';

/** Runs the cases of handlers. */
export const HANDLERS_TEST = command({
  name: 'handlers test',
  summary: 'Run the cases and examples of a handler, in a cell and natively.',
  details:
    'Builds what has changed. Both runs must end as the case says, and with the same bytes; a component without its\n' +
    'source runs in a cell alone, with the examples it carries. Exit code 1 when a case fails.',
  arguments: [
    {
      name: 'FILE|DIR|NAME',
      doc: 'A handler, its folder, or a component; every handler of --directory when absent.',
      optional: true,
    },
  ],
  options: {
    case: { value: 'GLOB', doc: 'Only cases whose names match.' },
    ...DIRECTORY_OPTION,
    ...OUTPUT_OPTION,
    ...CONFIG_OPTION,
  },
  examples: [
    { line: 'weft handlers test hello', doc: 'All of handlers/hello/cases, and the examples.' },
    { line: "weft handlers test hello --case 'greets*'", doc: 'Some of them.' },
  ],
  run: ({ args, options, io }) =>
    sayingWhatIsWrong(io, async () => {
      const { openAuthorStore, withCache } = await import('../../handler_author/load.ts');
      const { sourceTargets } = await import('../../handler_author/target.ts');
      const { testHandler } = await import('../../handler_author/test_handler.ts');
      const directory = options.directory ?? HANDLERS_DIRECTORY;
      const targets = args[0] === undefined ? sourceTargets(directory) : [await targetOf(args[0], options, io)];
      const output = new Output(io, options.output);
      const reports = await withCache(async (cache) => {
        const components = await openAuthorStore(cache);
        const done = [];
        for (const target of targets) {
          const glob = options.case === undefined ? {} : { glob: options.case };
          const report = await testHandler(target, { components, ...glob });
          if (output.format === 'table') {
            const { handler, version, engines, results } = report;
            output.text(`${printable(handler)} ${version}, ${engines.join(' and ')}: ${countText(results)}\n`);
            output.text(resultLines(results, output.paint, targets.length === 1));
          }
          done.push(report);
        }
        return done;
      });
      if (output.format !== 'table') output.rows(reports, () => []);
      const results = reports.flatMap((report) => report.results);
      if (results.length === 0) note(io, 'there are no such cases');
      else if (targets.length > 1) note(io, countText(results));
      return results.every(({ passed }) => passed) ? EXIT.ok.code : EXIT.failure.code;
    }),
});
