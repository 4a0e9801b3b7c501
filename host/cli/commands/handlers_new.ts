import path from 'node:path';
import { DIRECTORY_OPTION, HANDLERS_DIRECTORY } from '../author.ts';
import { command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { note } from '../output.ts';
import { usage } from '../parse.ts';

/** Writes a handler to begin with. */
export const HANDLERS_NEW = command({
  name: 'handlers new',
  summary: 'Write a handler to begin with: TypeScript, schemas, cases, README.',
  details: 'It builds, its cases pass, and every part of it is there to be changed. Nothing is overwritten.',
  arguments: [{ name: 'NAME', doc: 'What templates will call it: lower-case letters, digits and "_".' }],
  options: {
    ...DIRECTORY_OPTION,
    imports: {
      value: 'LIST',
      doc: 'What it may touch, with commas between: clock, http, log, mail; nothing when absent.',
    },
  },
  examples: [
    { line: 'weft handlers new hello', doc: 'handlers/hello, which needs nothing of the host.' },
    { line: 'weft handlers new price_feed --imports http,log', doc: 'One that asks over HTTP and writes log lines.' },
  ],
  async run({ args, options, io }) {
    const { nameProblem, newHandler } = await import('../../handler_author/scaffold/new_handler.ts');
    const { SCAFFOLD_PARTS } = await import('../../handler_author/scaffold/parts.ts');
    const name = args[0]!;
    const problem = nameProblem(name);
    if (problem !== undefined) throw usage(problem);
    const imports = (options.imports ?? '').split(',').filter((each) => each !== '');
    const unknown = imports.find((each) => !Object.hasOwn(SCAFFOLD_PARTS, each));
    if (unknown !== undefined)
      throw usage(`--imports has no "${unknown}"; there are ${Object.keys(SCAFFOLD_PARTS).join(', ')}`);
    const directory = options.directory ?? HANDLERS_DIRECTORY;
    const { folder, files } = await newHandler({ name, directory, imports });
    const shown = path.relative('', folder);
    for (const file of files) io.stdout.write(`${path.join(shown, file)}\n`);
    const target = options.directory === undefined ? name : shown;
    note(io, `\nNext:\n  npx weft handlers dev ${target}\n  npx weft handlers check ${target}`);
    return EXIT.ok.code;
  },
});
