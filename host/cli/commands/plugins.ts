import path from 'node:path';
import { command } from '../command.ts';
import { CONFIG_OPTION } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { printable } from '../io.ts';
import { note, OUTPUT_OPTION, Output } from '../output.ts';
import { usage } from '../parse.ts';
import { loadConfig } from '../runtime.ts';

const list = command({
  name: 'plugins list',
  summary: 'List the plugins of the operator config, and what each is for.',
  details: 'Those of Weft itself too. Exit code 10 when one cannot be used: Weft would not start.',
  arguments: [],
  options: { ...OUTPUT_OPTION, ...CONFIG_OPTION },
  examples: [{ line: 'weft plugins list', doc: 'With ./weft.yaml, or the defaults.' }],
  async run({ options, io }) {
    const { listPlugins } = await import('../../plugins/list.ts');
    const rows = await listPlugins(await loadConfig(options.config, io.env), io.env);
    new Output(io, options.output).rows(rows, () => [
      { title: 'PLUGIN', of: (row) => printable(row.name ?? '?') },
      { title: 'VERSION', of: (row) => printable(row.version ?? '') },
      { title: 'FROM', of: (row) => printable(row.source) },
      { title: 'PROVIDES', of: (row) => printable(row.problem === null ? row.provides.join(', ') : '') },
      { title: 'PROBLEM', of: (row) => printable(row.problem ?? '') },
    ]);
    return rows.some(({ problem }) => problem !== null) ? EXIT.validation.code : EXIT.ok.code;
  },
});

const create = command({
  name: 'plugins new',
  summary: 'Write a plugin to begin with, and the conformance suite it is held to.',
  details: 'It can be used as it is, and every part of it is there to be changed. Nothing is overwritten.',
  arguments: [
    {
      name: 'KIND',
      doc: 'A planner makes plans, an llm adapter speaks to a provider of models, a validator refuses templates and plans.',
      choices: ['planner', 'llm', 'validator'],
    },
    { name: 'NAME', doc: 'What it is called: lower-case letters, digits and "_".' },
  ],
  options: { directory: { value: 'DIR', doc: 'Receives the folder; ./plugins when absent.' } },
  examples: [
    { line: 'weft plugins new validator naming', doc: 'plugins/naming.' },
    { line: 'weft plugins new llm bedrock --directory ./ours', doc: 'An adapter, in ours/bedrock.' },
  ],
  async run({ args, options, io }) {
    const { newPlugin, PLUGIN_KINDS, pluginNameProblem } = await import('../../plugins/scaffold/new_plugin.ts');
    const kind = PLUGIN_KINDS.find((each) => each === args[0]);
    const name = args[1]!;
    if (kind === undefined) throw usage(`there is no kind "${args[0]}"; there are ${PLUGIN_KINDS.join(', ')}`);
    const problem = pluginNameProblem(name);
    if (problem !== undefined) throw usage(problem);
    const directory = options.directory ?? 'plugins';
    const { folder, files } = await newPlugin({ kind, name, directory });
    const shown = path.relative('', folder);
    for (const file of files) io.stdout.write(`${path.join(shown, file)}\n`);
    note(
      io,
      `\nNext:\n  add "${directory}" to plugins.directories of weft.yaml\n` +
        `  npx node --test ${path.join(shown, 'conformance.test.ts')}\n  npx weft plugins list`,
    );
    return EXIT.ok.code;
  },
});

/** The `weft plugins` commands. */
export const PLUGINS_COMMANDS = [list, create];
