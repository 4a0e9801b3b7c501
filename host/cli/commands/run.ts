import { randomUUIDv7 } from 'node:crypto';
import { WeftError } from '../../../kernel/errors.ts';
import type { JsonObject } from '../../../kernel/json.ts';
import type { EventOf, TaskEvent } from '../../../kernel/task/events.ts';
import type { TaskView } from '../../orchestrator/port.ts';
import { DRY_RUN_OPTION } from '../act_options.ts';
import type { TemplateFile, WeftClient } from '../client.ts';
import { command } from '../command.ts';
import { CONNECTION_OPTIONS, HANDLERS_OPTION, namedTarget, withClient } from '../connect.ts';
import { EXIT, exitOfTask } from '../exit.ts';
import { followTask } from '../follow.ts';
import type { Io } from '../io.ts';
import { LOG_LEVEL_OPTION, type LogLevel } from '../log_level.ts';
import { note, OUTPUT_OPTION, Output } from '../output.ts';
import { Progress } from '../progress.ts';
import { readObject, readTemplate } from '../read_input.ts';
import { loadConfig, withHandlers } from '../runtime.ts';
import { openSession } from '../session.ts';
import { renderTask } from '../views.ts';
import { checkTemplate } from './check.ts';

/** Runs a template to its end. */
export const RUN = command({
  name: 'run',
  summary: 'Run a template and print the task as it ended.',
  details:
    'Weft runs in this process until the task has settled, unless another one has the store: then it runs there. Either way\n' +
    'the task is durable: interrupted, it goes on with the next `weft run` or `weft serve`.',
  arguments: [{ name: 'TEMPLATE', doc: 'A template file (YAML or JSON); - for standard input.' }],
  options: {
    context: {
      value: 'FILE|JSON',
      short: 'c',
      doc: 'The context of the task: a JSON object or a file with one; {} when absent.',
    },
    'no-wait': { doc: 'Stop with exit code 13 where the task waits for people.' },
    'idempotency-key': { value: 'KEY', doc: 'The same key, template and context again give the same task.' },
    ...DRY_RUN_OPTION,
    output: { ...OUTPUT_OPTION.output, doc: 'How the task is written; JSON when absent.' },
    ...HANDLERS_OPTION,
    ...CONNECTION_OPTIONS,
    ...LOG_LEVEL_OPTION,
  },
  examples: [
    {
      line: `weft run examples/approval/template.yaml --context '{"amount": 700}'`,
      doc: 'Run a template with a context.',
    },
    { line: 'weft run orders.yaml -c context.json --no-wait', doc: 'Stop at gates; exit code 13 says so.' },
    { line: 'weft run orders.yaml -c context.json --dry-run', doc: 'Check the template and the context only.' },
  ],
  async run({ args, options, io }) {
    const template = await readTemplate(args[0]!, io);
    const context = await readObject(options.context, '--context', io);
    const output = new Output(io, options.output, 'json');
    if (options['dry-run']) return checkTemplate(template, context, options, output, io, options.handlers);
    const key = options['idempotency-key'] ?? randomUUIDv7();
    const runOn = (client: WeftClient) => runTask(client, { template, context, key, stop: options['no-wait'] }, io);
    const isElsewhere = namedTarget(options, io.env) !== undefined;
    if (isElsewhere && options.handlers.length > 0) note(io, NOT_OURS);
    const task = isElsewhere ? await withClient(options, io, runOn) : await runHere(options, runOn, io);
    output.value(task, (paint) => renderTask(task, paint));
    return io.interrupted.aborted ? EXIT.interrupted.code : exitOfTask(task.status);
  },
});

const NOT_OURS = 'the task runs in a process that has handlers of its own: --handlers changes nothing there';

/** When the process that had the store goes away, this one takes over: submitting again gives the same task. */
async function runHere(
  options: {
    readonly config: string | undefined;
    readonly handlers: readonly string[];
    'log-level': LogLevel | undefined;
  },
  runOn: (client: WeftClient) => Promise<TaskView>,
  io: Io,
): Promise<TaskView> {
  const config = await withHandlers(await loadConfig(options.config, io.env), options.handlers);
  for (;;) {
    const session = await openSession(config, options['log-level'] ?? 'warn');
    if (!session.own && options.handlers.length > 0) note(io, NOT_OURS);
    try {
      return await runOn(session.client);
    } catch (error) {
      const gone = error instanceof WeftError && error.code === 'server_unreachable';
      if (session.own || !gone || io.interrupted.aborted) throw error;
      note(io, 'the process that ran the task ended; going on here');
    } finally {
      await session.close();
    }
  }
}

interface Run {
  readonly template: TemplateFile;
  readonly context: JsonObject;
  readonly key: string;
  readonly stop: boolean;
}

async function runTask(client: WeftClient, { template, context, key, stop }: Run, io: Io): Promise<TaskView> {
  const { task_id } = await client.submit({ ...template, context }, key);
  const shown = io.stderr.isTTY === true ? new Progress(io.stderr) : undefined;
  const hint = gateHints(task_id);
  try {
    const task = await followTask(client, task_id, {
      stop_at_input: stop,
      signal: io.interrupted,
      onEvent: (event) => {
        shown?.show(event);
        const text = hint(event);
        if (text !== undefined) shown?.say(text);
      },
    });
    shown?.stop();
    if (io.interrupted.aborted)
      note(io, `interrupted; task ${task_id} goes on with the next \`weft run\` or \`weft serve\``);
    if (task.status === 'blocked_by_failures')
      note(io, `blocked; with \`weft serve\` running: weft step retry ${task_id} STEP`);
    return task;
  } finally {
    shown?.stop();
  }
}

/** How to answer each gate as it begins to wait. */
function gateHints(task_id: string): (event: TaskEvent) => string | undefined {
  const names = new Map<string, string>();
  return (event) => {
    if (event.kind === 'steps_created') for (const { id, name } of event.steps) names.set(id, name);
    if (event.kind !== 'step_suspended') return undefined;
    return `           weft gate approve ${task_id} ${names.get(event.step_id)}${asOneOf(event)}`;
  };
}

function asOneOf({ request: { audience } }: EventOf<'step_suspended'>): string {
  const first = Array.isArray(audience)
    ? audience.find((each) => typeof each === 'string' && /^[\w:.@+-]+$/.test(each))
    : undefined;
  if (typeof first !== 'string') return '';
  return first.startsWith('role:') ? ` --role ${first.slice('role:'.length)}` : ` --as ${first}`;
}
