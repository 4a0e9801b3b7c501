import path from 'node:path';
import type { BuiltHandler } from '../../toolchain/build_handlers.ts';
import { command } from '../command.ts';
import { CONNECTION_OPTIONS } from '../connect.ts';
import { renderDiagnostics } from '../diagnostic_text.ts';
import { EXIT } from '../exit.ts';
import { durationText, timeText } from '../format.ts';
import { painter, printable } from '../io.ts';
import { note, OUTPUT_OPTION, Output } from '../output.ts';
import { withTemplates } from '../templates.ts';
import { handlerColumns, handlerFileColumns } from '../views.ts';
import { HANDLERS_CALL } from './handlers_call.ts';
import { HANDLERS_CHECK } from './handlers_check.ts';
import { HANDLERS_DEV } from './handlers_dev.ts';
import { HANDLERS_INSPECT } from './handlers_inspect.ts';
import { HANDLERS_NEW } from './handlers_new.ts';
import { HANDLERS_TEST } from './handlers_test.ts';

const build = command({
  name: 'handlers build',
  summary: 'Compile handlers to WebAssembly components.',
  details: 'Each folder with a handler.ts and a capability.json is a handler. What has not changed is not built again.',
  arguments: [{ name: 'DIR', doc: "The folder of handler folders; Weft's own handlers when absent.", optional: true }],
  options: {
    out: { value: 'DIR', doc: 'Where components go; build/handlers beside the folder when absent.' },
    name: { value: 'NAME', multiple: true, doc: 'Only this handler; may be repeated.' },
    force: { doc: 'Build what has not changed as well.' },
    ...OUTPUT_OPTION,
  },
  examples: [
    { line: 'weft handlers build ./handlers', doc: 'Compile what has changed.' },
    { line: 'weft handlers build ./handlers --name price --force', doc: 'Compile one handler anew.' },
  ],
  async run({ args, options, io }) {
    const { buildHandlers } = await import('../../toolchain/build_handlers.ts');
    const { packagePath } = await import('../../toolchain/package_path.ts');
    const directory = path.resolve(args[0] ?? packagePath('handlers'));
    const outDirectory = path.resolve(options.out ?? path.join(path.dirname(directory), 'build', 'handlers'));
    const { ok, handlers } = await buildHandlers({
      directory,
      outDirectory,
      force: options.force,
      ...(options.name.length === 0 ? {} : { names: options.name }),
      onProgress: ({ name, status, duration_ms, diagnostics }) => {
        note(io, `${printable(name)}: ${status} in ${durationText(duration_ms)}`);
        io.stderr.write(renderDiagnostics(diagnostics, painter(io.stderr)));
      },
    });
    new Output(io, options.output).rows(handlers.map(builtRow), () => [
      { title: 'HANDLER', of: (row) => printable(row.name) },
      { title: 'STATUS', of: (row) => row.status },
      { title: 'SIZE', of: (row) => (row.size_bytes === null ? '' : `${Math.ceil(row.size_bytes / 1024)} KB`) },
      { title: 'DIGEST', of: (row) => row.digest ?? '' },
    ]);
    return ok ? EXIT.ok.code : EXIT.validation.code;
  },
});

function builtRow({ name, status, manifest, path: file }: BuiltHandler) {
  const { version = null, digest = null, size_bytes = null } = manifest ?? {};
  return { name, status, version, digest, size_bytes, path: file };
}

const list = command({
  name: 'handlers list',
  summary: 'List the handlers that templates can use.',
  details:
    'The catalog of the Weft that runs, or of the operator config when none does. Files that were refused are told on\n' +
    'stderr; with --files, the list is of the files of the handler directories, refused ones included.',
  arguments: [],
  options: {
    category: { value: 'NAME', doc: 'Only handlers of this category.' },
    files: { doc: 'List files: what each brought, or where it failed, why, and since when.' },
    ...OUTPUT_OPTION,
    ...CONNECTION_OPTIONS,
  },
  examples: [
    { line: 'weft handlers list --category data', doc: 'Handlers that compute.' },
    { line: 'weft handlers list --files', doc: 'What was refused, and why.' },
  ],
  async run({ options, io }) {
    const output = new Output(io, options.output);
    if (options.files) {
      const files = await withTemplates(options, io, (templates) => templates.handlerFiles(undefined));
      output.rows(files, handlerFileColumns);
      return EXIT.ok.code;
    }
    const { rows, refused } = await withTemplates(options, io, async (templates) => ({
      rows: await templates.handlers(options.category),
      refused: await templates.handlerFiles('refused'),
    }));
    output.rows(rows, handlerColumns);
    for (const { file, since, diagnostics } of refused) {
      note(io, `refused since ${timeText(since)}: ${printable(file)}`);
      io.stderr.write(renderDiagnostics(diagnostics, painter(io.stderr)));
    }
    return EXIT.ok.code;
  },
});

const show = command({
  name: 'handlers show',
  summary: "Show a handler's whole capability schema.",
  arguments: [{ name: 'NAME', doc: 'The handler, or NAME@VERSION; the newest version otherwise.' }],
  options: { ...OUTPUT_OPTION, ...CONNECTION_OPTIONS },
  examples: [{ line: 'weft handlers show http_request', doc: 'Its configuration, inputs, outputs, errors, examples.' }],
  async run({ args, options, io }) {
    const [name = '', version] = args[0]!.split('@');
    const entry = await withTemplates(options, io, (templates) => templates.handler(name, version));
    // A capability is a schema: JSON is how people read it too.
    new Output(io, options.output).value(entry, () => `${JSON.stringify(entry, null, 2)}\n`);
    return EXIT.ok.code;
  },
});

/** The `weft handlers` commands. */
export const HANDLERS_COMMANDS = [
  list,
  show,
  HANDLERS_NEW,
  HANDLERS_DEV,
  HANDLERS_TEST,
  HANDLERS_CALL,
  HANDLERS_INSPECT,
  HANDLERS_CHECK,
  build,
];
