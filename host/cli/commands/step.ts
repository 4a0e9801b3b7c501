import { WeftError } from '../../../kernel/errors.ts';
import { DRY_RUN_OPTION, REASON_OPTION } from '../act_options.ts';
import { command } from '../command.ts';
import { CONNECTION_OPTIONS, withClient } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { note, OUTPUT_OPTION, Output } from '../output.ts';
import { readArray, readJson } from '../read_input.ts';
import { renderStep } from '../views.ts';

const STEP_ARGUMENTS = [
  { name: 'TASK', doc: 'The id of a task.' },
  { name: 'STEP', doc: 'The name or id of a step.' },
] as const;
const COMMON_OPTIONS = { ...OUTPUT_OPTION, ...CONNECTION_OPTIONS } as const;

const show = command({
  name: 'step show',
  summary: 'Show a step: its result, its failure, what it waits for.',
  arguments: STEP_ARGUMENTS,
  options: COMMON_OPTIONS,
  examples: [{ line: 'weft step show 0197… fetch_orders -o json', doc: 'All that is known of a step.' }],
  async run({ args, options, io }) {
    const step = await withClient(options, io, (client) => client.step(args[0]!, args[1]!));
    new Output(io, options.output).value(step, (paint) => renderStep(step, paint));
    return EXIT.ok.code;
  },
});

const retry = command({
  name: 'step retry',
  summary: 'Give a failed step a fresh set of attempts, or end its wait for a retry now.',
  arguments: STEP_ARGUMENTS,
  options: { ...REASON_OPTION, ...DRY_RUN_OPTION, ...COMMON_OPTIONS },
  examples: [{ line: `weft step retry 0197… post_result --reason 'the service is back'`, doc: 'Try again.' }],
  async run({ args, options, io }) {
    const [taskId, name] = [args[0]!, args[1]!];
    const step = await withClient(options, io, async (client) => {
      if (!options['dry-run']) return client.retryStep(taskId, name, options.reason ?? 'weft step retry');
      const found = await client.step(taskId, name);
      if (found.status === 'error' || found.status === 'waiting_for_retry') return found;
      throw new WeftError('step_not_retryable', { step: found.name, status: found.status });
    });
    if (options['dry-run']) note(io, `weft step retry would start attempt ${step.attempt + 1}`);
    new Output(io, options.output).value(step, (paint) => renderStep(step, paint));
    return EXIT.ok.code;
  },
});

const resolve = command({
  name: 'step resolve',
  summary: "Give a step its result by hand; it is checked like the handler's own.",
  arguments: STEP_ARGUMENTS,
  options: {
    result: { value: 'FILE|JSON', doc: 'The result; {} when absent.' },
    branch: { value: 'STEP', multiple: true, doc: 'Of a decision: a step it chooses; may be repeated.' },
    items: { value: 'FILE|JSON', doc: 'Of a fan-out: a JSON array with one item for each worker.' },
    ...REASON_OPTION,
    ...COMMON_OPTIONS,
  },
  examples: [
    { line: `weft step resolve 0197… total --result '{"total": 564}' --reason 'added up by hand'`, doc: 'Go on.' },
    {
      line: `weft step resolve 0197… route --branch manager --result route.json --reason 'the rules miss this case'`,
      doc: 'Choose for a decision, with the result that its handler would give.',
    },
  ],
  async run({ args, options, io }) {
    const result = options.result === undefined ? {} : await readJson(options.result, '--result', io);
    const reason = options.reason ?? 'weft step resolve';
    const items = options.items === undefined ? {} : { items: await readArray(options.items, '--items', io) };
    const branch = options.branch.length === 0 ? {} : { branch: options.branch };
    const resolution = { result, reason, ...branch, ...items };
    const step = await withClient(options, io, (client) => client.resolveStep(args[0]!, args[1]!, resolution));
    new Output(io, options.output).value(step, (paint) => renderStep(step, paint));
    return EXIT.ok.code;
  },
});

/** The `weft step` commands. */
export const STEP_COMMANDS = [show, retry, resolve];
