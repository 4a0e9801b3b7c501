import { WeftError } from '../../../kernel/errors.ts';
import { DEAD_LETTER_REASONS, DEAD_LETTER_STATES } from '../../http/schemas.ts';
import { DRY_RUN_OPTION, REASON_OPTION } from '../act_options.ts';
import { type Command, command } from '../command.ts';
import { CONNECTION_OPTIONS, withClient } from '../connect.ts';
import { deadLetterColumns, renderDeadLetter } from '../dead_letter_view.ts';
import { EXIT } from '../exit.ts';
import { note, OUTPUT_OPTION, Output } from '../output.ts';
import { LIST_OPTIONS, listRows } from '../pages.ts';

const STEP_ARGUMENTS = [
  { name: 'TASK', doc: 'The id of a task.' },
  { name: 'STEP', doc: 'The name or id of a step.' },
] as const;
const COMMON_OPTIONS = { ...OUTPUT_OPTION, ...CONNECTION_OPTIONS } as const;

const list = command({
  name: 'dlq list',
  summary: 'List the steps that will not go on by themselves, newest first.',
  details:
    'exhausted: no attempt is left. poisoned: the last run killed its sandbox, trapped or went over a limit.\n' +
    'refused: a failure that another attempt would not change. stuck: no worker has taken the step up.',
  arguments: [],
  options: {
    state: {
      value: 'STATE',
      multiple: true,
      choices: DEAD_LETTER_STATES,
      doc: 'Only entries in this state; may be repeated. The open ones when absent.',
    },
    reason: {
      value: 'REASON',
      multiple: true,
      choices: DEAD_LETTER_REASONS,
      doc: 'Only steps that are here for this reason; may be repeated.',
    },
    task: { value: 'TASK', doc: 'Only steps of this task.' },
    template: { value: 'NAME', doc: 'Only steps of tasks of this template.' },
    namespace: { value: 'NAME', doc: 'Only steps of this namespace.' },
    handler: { value: 'NAME', doc: 'Only steps of this handler.' },
    ...LIST_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    { line: 'weft dlq list', doc: 'What needs somebody to look.' },
    { line: 'weft dlq list --reason poisoned --handler transform --all -o jsonl', doc: 'What a handler choked on.' },
    { line: 'weft dlq list --state retried --state resolved', doc: 'What was dealt with.' },
  ],
  async run({ options, io }) {
    const { task, template, namespace, handler } = options;
    const state = options.state.length === 0 ? 'open' : options.state.join(',');
    const reason = options.reason.length === 0 ? undefined : options.reason.join(',');
    const query = { state, reason, task_id: task, template, namespace, handler };
    const rows = await withClient(options, io, (client) =>
      listRows((page) => client.deadLetters({ ...query, ...page }), options, io),
    );
    new Output(io, options.output).rows(rows, deadLetterColumns(Date.now()));
    return EXIT.ok.code;
  },
});

const show = command({
  name: 'dlq show',
  summary: 'Show why a step is in the list, what it was given, how it failed, and what to do.',
  arguments: STEP_ARGUMENTS,
  options: COMMON_OPTIONS,
  examples: [{ line: 'weft dlq show 0197… post_result', doc: 'With the commands that recover it at the end.' }],
  async run({ args, options, io }) {
    const entry = await withClient(options, io, (client) => client.deadLetter(args[0]!, args[1]!));
    new Output(io, options.output).value(entry, (paint) => renderDeadLetter(entry, paint));
    return EXIT.ok.code;
  },
});

const write = command({
  name: 'dlq note',
  summary: 'Write down what you found out about a dead letter.',
  details: 'Kept in the journal with who and when; also of a task that is over.',
  arguments: [...STEP_ARGUMENTS, { name: 'TEXT', doc: 'What you found out.' }],
  options: { ...DRY_RUN_OPTION, ...COMMON_OPTIONS },
  examples: [
    {
      line: `weft dlq note 0197… post_result 'their disk was full until 03:10, ticket 4711'`,
      doc: 'For the next one.',
    },
  ],
  async run({ args, options, io }) {
    const [taskId, step, text] = [args[0]!, args[1]!, args[2]!];
    const entry = await withClient(options, io, (client) =>
      options['dry-run'] ? client.deadLetter(taskId, step) : client.noteDeadLetter(taskId, step, text),
    );
    if (options['dry-run']) note(io, `weft dlq note would add note ${entry.notes + 1}`);
    new Output(io, options.output).value(entry, (paint) => renderDeadLetter(entry, paint));
    return EXIT.ok.code;
  },
});

const resolve = command({
  name: 'dlq resolve',
  summary: 'Close a dead letter and leave its step as it is: looked at, nothing to do.',
  details: 'To recover the step, use `weft step retry` or `weft step resolve`, which close the entry, too.',
  arguments: STEP_ARGUMENTS,
  options: { ...REASON_OPTION, ...DRY_RUN_OPTION, ...COMMON_OPTIONS },
  examples: [
    { line: `weft dlq resolve 0197… post_result --reason 'the order was cancelled anyway'`, doc: 'Off the list.' },
  ],
  async run({ args, options, io }) {
    const [taskId, step] = [args[0]!, args[1]!];
    const entry = await withClient(options, io, async (client) => {
      if (!options['dry-run']) return client.resolveDeadLetter(taskId, step, options.reason ?? 'weft dlq resolve');
      const found = await client.deadLetter(taskId, step);
      if (found.state === 'open') return found;
      throw new WeftError('dead_letter_closed', { step: found.step_name, state: found.state });
    });
    if (options['dry-run']) note(io, `weft dlq resolve would close the entry; the step stays ${entry.step_status}`);
    new Output(io, options.output).value(entry, (paint) => renderDeadLetter(entry, paint));
    return EXIT.ok.code;
  },
});

/** The `weft dlq` commands. */
export const DLQ_COMMANDS: readonly Command[] = [list, show, write, resolve];
