import type { RetentionReport, RetiredTask } from '../../orchestrator/port.ts';
import { DRY_RUN_OPTION } from '../act_options.ts';
import { type Command, command } from '../command.ts';
import { CONNECTION_OPTIONS, withClient } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { note, OUTPUT_OPTION, Output } from '../output.ts';
import { renderRetention, retiredColumns } from '../retention_views.ts';

const COMMON_OPTIONS = { ...OUTPUT_OPTION, ...CONNECTION_OPTIONS } as const;
const WHY = {
  reason: { value: 'TEXT', doc: 'Why; kept with who, beyond the task. The name of the command when absent.' },
} as const;

const show = command({
  name: 'retention show',
  summary: 'Show the rules for settled tasks, what is due by them, and what people did.',
  arguments: [],
  options: COMMON_OPTIONS,
  examples: [{ line: 'weft retention show', doc: 'What will go, and how large the store is.' }],
  async run({ options, io }) {
    const view = await withClient(options, io, (client) => client.retention());
    new Output(io, options.output).value(view, (paint) => renderRetention(view, paint));
    return EXIT.ok.code;
  },
});

const run = command({
  name: 'retention run',
  summary: 'Apply the rules to every settled task that is due, now.',
  details: 'A task that cannot go stays, and the exit code is 1. docs/retention.md has the rules.',
  arguments: [],
  options: { ...WHY, ...DRY_RUN_OPTION, ...COMMON_OPTIONS },
  examples: [
    { line: 'weft retention run --dry-run', doc: 'See which tasks would go.' },
    { line: `weft retention run --reason 'room for the migration'`, doc: 'Do not wait for the next look.' },
  ],
  async run({ options, io }) {
    const dry_run = options['dry-run'];
    const reason = options.reason ?? 'weft retention run';
    const tasks: RetiredTask[] = [];
    const more = await withClient(options, io, async (client) => {
      for (;;) {
        const report: RetentionReport = await client.runRetention({ reason, dry_run });
        tasks.push(...report.tasks);
        // A dry run would say the same again, and so would one whose tasks all stay.
        const isOver = dry_run || report.tasks.every(({ problem }) => problem !== null);
        if (isOver || !report.more) return report.more;
      }
    });
    if (dry_run) note(io, `weft retention run would remove ${tasks.length}${more ? ' tasks and more' : ' task(s)'}`);
    new Output(io, options.output).rows(tasks, retiredColumns);
    return tasks.every(({ problem }) => problem === null) ? EXIT.ok.code : EXIT.failure.code;
  },
});

const remove = command({
  name: 'task remove',
  summary: 'Remove a settled task with all that is kept of it.',
  arguments: [{ name: 'TASK', doc: 'The id of a task.' }],
  options: { archive: { doc: 'Write it to an archive first.' }, ...WHY, ...COMMON_OPTIONS },
  examples: [{ line: `weft task remove 0197… --archive --reason 'asked to forget it'`, doc: 'Out of the store.' }],
  async run({ args, options, io }) {
    const body = { reason: options.reason ?? 'weft task remove', archive: options.archive };
    const removed = await withClient(options, io, (client) => client.removeTask(args[0]!, body));
    new Output(io, options.output).rows([removed], retiredColumns);
    return EXIT.ok.code;
  },
});

/** The commands about settled tasks that go. */
export const RETENTION_COMMANDS: readonly Command[] = [remove, show, run];
