import { setTimeout as sleep } from 'node:timers/promises';
import { WeftError } from '../../../kernel/errors.ts';
import type { TaskView } from '../../orchestrator/port.ts';
import type { WeftClient } from '../client.ts';
import { command } from '../command.ts';
import { CONNECTION_OPTIONS, withClient } from '../connect.ts';
import { EXIT, exitOfTask } from '../exit.ts';
import { type FollowOptions, followTask } from '../follow.ts';
import { OUTPUT_OPTION, Output } from '../output.ts';
import { Progress } from '../progress.ts';

/** Follows a task that runs elsewhere. */
export const WATCH = command({
  name: 'task watch',
  summary: 'Follow a task to its end.',
  details:
    'As a table: the timeline, as it happens. As jsonl: each event. As json: the task, once it has settled.\n' +
    'The exit code says how it ended. A server that is restarted is waited for.',
  arguments: [{ name: 'TASK', doc: 'The id of a task.' }],
  options: {
    'no-wait': { doc: 'Stop where only people can move the task on: at a gate, or blocked by a failed step.' },
    ...OUTPUT_OPTION,
    ...CONNECTION_OPTIONS,
  },
  examples: [{ line: 'weft task watch 0197… -o jsonl', doc: 'Each event as a line of JSON, until the task settles.' }],
  async run({ args, options, io }) {
    const output = new Output(io, options.output);
    const progress = output.format === 'table' ? new Progress(io.stdout) : undefined;
    try {
      const task = await withClient(options, io, (client) =>
        followPatiently(client, args[0]!, {
          through_blocks: !options['no-wait'],
          stop_at_input: options['no-wait'],
          signal: io.interrupted,
          onEvent: (event, seq) => {
            progress?.show(event);
            if (output.format === 'jsonl') output.json({ seq, event });
          },
        }),
      );
      if (output.format === 'json') output.json(task);
      return io.interrupted.aborted ? EXIT.interrupted.code : exitOfTask(task.status);
    } finally {
      progress?.stop();
    }
  },
});

const RETRY_MS = 500;
const RETRIES_MAX = 20;

/** Goes on after the last event when the stream breaks off, for as long as a restart takes. */
async function followPatiently(client: WeftClient, task_id: string, options: FollowOptions): Promise<TaskView> {
  let after_seq = 0;
  let failures = 0;
  const onEvent: FollowOptions['onEvent'] = (event, seq) => {
    after_seq = seq;
    failures = 0;
    options.onEvent(event, seq);
  };
  for (;;) {
    try {
      return await followTask(client, task_id, { ...options, after_seq, onEvent });
    } catch (error) {
      const brokeOff = error instanceof WeftError && error.code === 'server_unreachable' && after_seq > 0;
      if (!brokeOff || ++failures > RETRIES_MAX) throw error;
      await sleep(RETRY_MS);
    }
  }
}
