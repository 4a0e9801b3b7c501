import { randomUUIDv7 } from 'node:crypto';
import { WeftError } from '../../../kernel/errors.ts';
import { isSettled } from '../../../kernel/task/task_machine.ts';
import { TASK_STATUSES } from '../../http/schemas.ts';
import { DRY_RUN_OPTION, REASON_OPTION } from '../act_options.ts';
import type { WeftClient } from '../client.ts';
import { type Command, command } from '../command.ts';
import { CONNECTION_OPTIONS, withClient } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { note, OUTPUT_OPTION, Output } from '../output.ts';
import { LIST_OPTIONS, listRows } from '../pages.ts';
import { readObject, readTemplate } from '../read_input.ts';
import { eventColumns, renderTask, stepColumns, taskColumns } from '../views.ts';
import { checkTemplate } from './check.ts';
import { WATCH } from './watch.ts';

const TASK = { name: 'TASK', doc: 'The id of a task.' } as const;
const COMMON_OPTIONS = { ...OUTPUT_OPTION, ...CONNECTION_OPTIONS } as const;

const submit = command({
  name: 'task submit',
  summary: 'Submit a task to the Weft that runs, and go on.',
  arguments: [{ name: 'TEMPLATE', doc: 'A template file (YAML or JSON); - for standard input.' }],
  options: {
    context: { value: 'FILE|JSON', short: 'c', doc: 'The context: a JSON object or a file with one; {} when absent.' },
    'idempotency-key': { value: 'KEY', doc: 'The same key, template and context again give the same task.' },
    paused: { doc: 'Create the task without starting it.' },
    ...DRY_RUN_OPTION,
    ...COMMON_OPTIONS,
  },
  examples: [
    {
      line: 'weft task submit orders.yaml -c context.json --idempotency-key 2026-01-31',
      doc: 'Once, however often it is run.',
    },
  ],
  async run({ args, options, io }) {
    const template = await readTemplate(args[0]!, io);
    const context = await readObject(options.context, '--context', io);
    const output = new Output(io, options.output);
    if (options['dry-run']) return checkTemplate(template, context, options, output, io);
    const submission = { ...template, context, ...(options.paused ? { paused: true } : {}) };
    const key = options['idempotency-key'] ?? randomUUIDv7();
    const task = await withClient(options, io, (client) => client.submit(submission, key));
    output.value(task, (paint) => renderTask(task, paint));
    return EXIT.ok.code;
  },
});

const list = command({
  name: 'task list',
  summary: 'List tasks, newest first.',
  arguments: [],
  options: {
    status: {
      value: 'STATUS',
      multiple: true,
      choices: TASK_STATUSES,
      doc: 'Only tasks with this status; may be repeated.',
    },
    template: { value: 'NAME', doc: 'Only tasks of this template.' },
    namespace: { value: 'NAME', doc: 'Only tasks of this namespace.' },
    ...LIST_OPTIONS,
    ...COMMON_OPTIONS,
  },
  examples: [
    { line: 'weft task list --status error --status blocked_by_failures', doc: 'What needs somebody to look.' },
    { line: 'weft task list --all -o jsonl', doc: 'Every task, a line each.' },
  ],
  async run({ options, io }) {
    const { template, namespace } = options;
    const status = options.status.length === 0 ? undefined : options.status.join(',');
    const rows = await withClient(options, io, (client) =>
      listRows((page) => client.tasks({ status, template, namespace, ...page }), options, io),
    );
    new Output(io, options.output).rows(rows, taskColumns);
    return EXIT.ok.code;
  },
});

const show = command({
  name: 'task show',
  summary: 'Show a task with its steps.',
  arguments: [TASK],
  options: COMMON_OPTIONS,
  examples: [{ line: 'weft task show 0197…', doc: 'Where a task is.' }],
  async run({ args, options, io }) {
    const task = await withClient(options, io, (client) => client.task(args[0]!));
    new Output(io, options.output).value(task, (paint) => renderTask(task, paint));
    return EXIT.ok.code;
  },
});

const events = command({
  name: 'task events',
  summary: "Print a task's journal so far.",
  arguments: [TASK],
  options: { ...LIST_OPTIONS, ...COMMON_OPTIONS },
  examples: [{ line: 'weft task events 0197… --all -o jsonl', doc: 'Every event, a line each.' }],
  async run({ args, options, io }) {
    const rows = await withClient(options, io, (client) =>
      listRows((page) => client.events(args[0]!, page), options, io),
    );
    new Output(io, options.output).rows(rows, eventColumns);
    return EXIT.ok.code;
  },
});

function act(verb: 'pause' | 'resume', summary: string): Command {
  return command({
    name: `task ${verb}`,
    summary,
    arguments: [TASK],
    options: { ...REASON_OPTION, ...COMMON_OPTIONS },
    examples: [{ line: `weft task ${verb} 0197… --reason 'the order service is being moved'`, doc: `${summary}` }],
    async run({ args, options, io }) {
      const reason = options.reason ?? `weft task ${verb}`;
      const task = await withClient(options, io, (client) => client.act(args[0]!, verb, reason));
      new Output(io, options.output).value(task, (paint) => renderTask(task, paint));
      return EXIT.ok.code;
    },
  });
}

function end(verb: 'cancel' | 'resolve', summary: string): Command {
  return command({
    name: `task ${verb}`,
    summary,
    arguments: [TASK],
    options: { ...REASON_OPTION, ...DRY_RUN_OPTION, ...COMMON_OPTIONS },
    examples: [
      { line: `weft task ${verb} 0197… --dry-run`, doc: 'See which steps it would cancel.' },
      { line: `weft task ${verb} 0197… --reason 'ordered twice'`, doc: summary },
    ],
    async run({ args, options, io }) {
      const output = new Output(io, options.output);
      if (options['dry-run']) {
        const steps = await withClient(options, io, (client) => unsettledSteps(client, args[0]!));
        note(io, `weft task ${verb} would cancel ${steps.length === 1 ? '1 step' : `${steps.length} steps`}`);
        output.rows(steps, stepColumns);
        return EXIT.ok.code;
      }
      const reason = options.reason ?? `weft task ${verb}`;
      const task = await withClient(options, io, (client) => client.act(args[0]!, verb, reason));
      output.value(task, (paint) => renderTask(task, paint));
      return EXIT.ok.code;
    },
  });
}

const UNSETTLED = ['pending', 'enqueued', 'waiting_for_retry', 'waiting_for_input', 'waiting_for_worker'];

async function unsettledSteps(client: WeftClient, task_id: string) {
  const { status, steps } = await client.task(task_id);
  if (isSettled(status)) throw new WeftError('task_settled', { task_id, status });
  return steps.filter((step) => UNSETTLED.includes(step.status));
}

/** The `weft task` commands. */
export const TASK_COMMANDS: readonly Command[] = [
  submit,
  list,
  show,
  WATCH,
  events,
  end('cancel', 'Cancel a task: what is in flight can no longer be recorded.'),
  act('pause', 'Pause a task: nothing more is dispatched, deadlines run on.'),
  act('resume', 'Let a paused task go on.'),
  end('resolve', 'Accept a task as it is: results stay, what has not settled is cancelled.'),
];
