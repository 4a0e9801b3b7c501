import { WeftError } from '../../../kernel/errors.ts';
import { simulateFragment } from '../../../kernel/fragment/simulate.ts';
import type { FragmentContext, ValidFragment } from '../../../kernel/fragment/types.ts';
import { satisfies } from '../../catalog/catalog.ts';
import { type CheckedFragment, checkFragmentText, contextFor } from '../../fragment/check.ts';
import { command } from '../command.ts';
import { CONFIG_OPTION } from '../connect.ts';
import { renderDiagnostics } from '../diagnostic_text.ts';
import { EXIT } from '../exit.ts';
import { renderBounds, renderSimulation } from '../fragment_view.ts';
import type { Io } from '../io.ts';
import { OUTPUT_OPTION, Output } from '../output.ts';
import { usage } from '../parse.ts';
import { readTemplate } from '../read_input.ts';
import { createLogger, loadConfig, openCatalog } from '../runtime.ts';
import { summaryOf } from './check.ts';
import { GRAPH_AS, renderGraphAs } from './graph_as.ts';

const FRAGMENT = { name: 'FRAGMENT', doc: 'A fragment file (JSON or YAML); - for standard input.' } as const;

const FRAME_OPTIONS = {
  template: { value: 'FILE', doc: 'Take it for a plan of this template: its grants, its catalog, its steps.' },
  step: { value: 'NAME', doc: 'The step of --template whose plan it is: its bounds, and what comes before it.' },
  ...CONFIG_OPTION,
} as const;

interface FrameOptions {
  readonly template: string | undefined;
  readonly step: string | undefined;
  readonly config: string | undefined;
}

const DETAILS =
  'Handlers and plugins are those of the operator config. Without --template nothing is granted and nothing surrounds it.';

/** The `weft fragment` commands. */
export const FRAGMENT_COMMANDS = [
  command({
    name: 'fragment validate',
    summary: 'Say everything that is wrong with a fragment, and what it can come to.',
    details: DETAILS,
    arguments: [FRAGMENT],
    options: { ...FRAME_OPTIONS, ...OUTPUT_OPTION },
    examples: [
      {
        line: 'weft fragment validate plan.json',
        doc: 'Every problem with its place; exit code 10 when there is one.',
      },
      {
        line: 'weft fragment validate plan.json --template triage.yaml --step plan',
        doc: 'As the planning step would: with its bounds, its catalog and the grants of its template.',
      },
    ],
    async run({ args, options, io }) {
      const { checked } = await check(args[0]!, options, io);
      const { diagnostics, valid } = checked;
      const bounds = valid === undefined ? {} : { bounds: valid.bounds };
      new Output(io, options.output).value({ valid: valid !== undefined, ...bounds, diagnostics }, (paint) =>
        [
          renderDiagnostics(diagnostics, paint),
          diagnostics.length > 0 ? summaryOf(diagnostics) : '',
          valid === undefined ? '' : `${args[0]}: ${paint('green', 'valid')}\n${renderBounds(valid.bounds)}`,
        ].join(''),
      );
      return valid === undefined ? EXIT.validation.code : EXIT.ok.code;
    },
  }),
  command({
    name: 'fragment graph',
    summary: 'Show the steps of a fragment and what they follow.',
    details: DETAILS,
    arguments: [FRAGMENT],
    options: { ...GRAPH_AS, ...FRAME_OPTIONS, ...OUTPUT_OPTION },
    examples: [
      { line: 'weft fragment graph plan.json', doc: 'Each step with what it follows.' },
      { line: 'weft fragment graph plan.json --as mermaid', doc: 'For Markdown.' },
    ],
    async run({ args, options, io }) {
      const { valid } = await checkSound(args[0]!, options, io);
      renderGraphAs(valid.graph, options.as, new Output(io, options.output));
      return EXIT.ok.code;
    },
  }),
  command({
    name: 'fragment simulate',
    summary: 'Run a fragment with outputs made up from the schemas of its handlers.',
    details:
      `${DETAILS}\nNo handler runs. Decisions choose by chance and fan-outs have up to five items; each run has a seed of its own,\n` +
      'and the same seed makes the same run.',
    arguments: [FRAGMENT],
    options: {
      runs: { value: 'N', doc: 'How many runs; 20 when absent.' },
      seed: { value: 'N', doc: 'Of the first run, whose way is shown; 1 when absent.' },
      ...FRAME_OPTIONS,
      ...OUTPUT_OPTION,
    },
    examples: [
      { line: 'weft fragment simulate plan.json', doc: 'A way through it, its bounds, and steps no run came to.' },
      { line: 'weft fragment simulate plan.json --seed 7 --runs 1 -o json', doc: 'One run for a program.' },
    ],
    async run({ args, options, io }) {
      const runs = count(options.runs, '--runs', 20);
      const first = count(options.seed, '--seed', 1);
      const { valid, context } = await checkSound(args[0]!, options, io);
      const simulation = simulateFragment(valid, context, { first, runs });
      const { bounds } = valid;
      new Output(io, options.output).value({ bounds, ...simulation }, (paint) =>
        renderSimulation(simulation, bounds, paint),
      );
      return EXIT.ok.code;
    },
  }),
];

const RUNS_MAX = 10_000;

function count(text: string | undefined, option: string, otherwise: number): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (/^\d{1,9}$/.test(text) && number > 0 && (option !== '--runs' || number <= RUNS_MAX)) return number;
  throw usage(`${option} takes a number from 1${option === '--runs' ? ` to ${RUNS_MAX}` : ''}, not "${text}"`);
}

async function check(
  file: string,
  { template, step, config }: FrameOptions,
  io: Io,
): Promise<{ readonly checked: CheckedFragment; readonly context: FragmentContext }> {
  if ((template === undefined) !== (step === undefined)) throw usage('--template and --step go together');
  const source = await readTemplate(file, io);
  const frame = template === undefined ? undefined : await readTemplate(template, io);
  const view = await openCatalog(await loadConfig(config, io.env), createLogger('warn'));
  try {
    const { catalog, compiler, hooks, checker } = view;
    const context = contextFor(
      frame && { template: { text: frame.template, file: frame.file }, step: step! },
      checker,
      { catalog: catalog.entries(), satisfies, compiler, hooks },
    );
    return { checked: checkFragmentText({ text: source.template, file: source.file }, context), context };
  } finally {
    await view.close();
  }
}

/** @throws fragment_invalid with what is wrong */
async function checkSound(
  file: string,
  options: FrameOptions,
  io: Io,
): Promise<{ readonly valid: ValidFragment; readonly context: FragmentContext }> {
  const { checked, context } = await check(file, options, io);
  const { valid, diagnostics } = checked;
  if (valid !== undefined) return { valid, context };
  const problems = diagnostics.filter(({ severity }) => severity === 'error').length;
  throw new WeftError('fragment_invalid', { count: problems }, { diagnostics });
}
