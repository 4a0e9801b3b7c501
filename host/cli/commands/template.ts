import type { CatalogEntry } from '../../../kernel/capability/types.ts';
import { command } from '../command.ts';
import { CONNECTION_OPTIONS } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { OUTPUT_OPTION, Output } from '../output.ts';
import { readObject, readTemplate } from '../read_input.ts';
import { type Templates, withTemplates } from '../templates.ts';
import { checkTemplate } from './check.ts';
import { GRAPH_AS, renderGraphAs } from './graph_as.ts';

const TEMPLATE = { name: 'TEMPLATE', doc: 'A template file (YAML or JSON); - for standard input.' } as const;

/** The `weft template` commands. */
export const TEMPLATE_COMMANDS = [
  command({
    name: 'template validate',
    summary: 'Say everything that is wrong with a template.',
    details: 'Checks against the catalog of the Weft that runs, or of the operator config when none does.',
    arguments: [TEMPLATE],
    options: {
      context: { value: 'FILE|JSON', short: 'c', doc: 'Check this context against input_schema as well.' },
      ...OUTPUT_OPTION,
      ...CONNECTION_OPTIONS,
    },
    examples: [
      {
        line: 'weft template validate orders.yaml',
        doc: 'Every problem with its line; exit code 10 when there is one.',
      },
      { line: 'weft template validate orders.yaml -o json', doc: 'The same for a program.' },
    ],
    async run({ args, options, io }) {
      const template = await readTemplate(args[0]!, io);
      const context = options.context === undefined ? undefined : await readObject(options.context, '--context', io);
      return checkTemplate(template, context, options, new Output(io, options.output), io);
    },
  }),
  command({
    name: 'template graph',
    summary: 'Show the steps of a template and what they follow.',
    arguments: [TEMPLATE],
    options: {
      ...GRAPH_AS,
      ...OUTPUT_OPTION,
      ...CONNECTION_OPTIONS,
    },
    examples: [
      { line: 'weft template graph orders.yaml', doc: 'Each step with what it follows.' },
      {
        line: 'weft template graph orders.yaml --as dot',
        doc: 'For Graphviz: `dot -Tsvg orders.dot > orders.svg`.',
      },
      { line: 'weft template graph orders.yaml -o json', doc: 'Nodes and edges for a program.' },
    ],
    async run({ args, options, io }) {
      const template = await readTemplate(args[0]!, io);
      const graph = await withTemplates(options, io, (templates) => templates.graph(template));
      renderGraphAs(graph, options.as, new Output(io, options.output));
      return EXIT.ok.code;
    },
  }),
  command({
    name: 'template schema',
    summary: 'Print a JSON Schema of templates for editors, made from the catalog.',
    details:
      'Draft-07, as YAML language servers read it: completes and checks handler names, configs and inputs (docs/editor.md).\n' +
      'The catalog of the Weft that runs, or of the operator config when none does.',
    arguments: [],
    options: { ...CONNECTION_OPTIONS },
    examples: [{ line: 'weft template schema', doc: 'To standard output; keep it in a file beside your templates.' }],
    async run({ options, io }) {
      const { editorSchema } = await import('../../template/editor_schema/editor_schema.ts');
      const entries = await withTemplates(options, io, allHandlers);
      new Output(io, 'json').json(editorSchema(entries));
      return EXIT.ok.code;
    },
  }),
];

async function allHandlers(templates: Templates): Promise<readonly CatalogEntry[]> {
  const summaries = await templates.handlers(undefined);
  return Promise.all(summaries.map(({ name, version }) => templates.handler(name, version)));
}
