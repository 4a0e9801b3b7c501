import type { NumberedEvent } from '../../orchestrator/port.ts';
import { type Command, command } from '../command.ts';
import { EXIT } from '../exit.ts';
import { OUTPUT_OPTION, Output } from '../output.ts';
import { eventColumns, renderTask } from '../views.ts';

const FILE = { name: 'FILE', doc: 'The archive of a task (`….jsonl.gz`).' } as const;

const show = command({
  name: 'archive show',
  summary: 'Show an archived task with its steps, as `weft task show` did.',
  details: 'Needs no running Weft.',
  arguments: [FILE],
  options: OUTPUT_OPTION,
  examples: [{ line: 'weft archive show archive/2026-01-31/0197….jsonl.gz', doc: 'How the task ended.' }],
  async run({ args, options, io }) {
    const { archivedTask } = await import('../../retention/archived_task.ts');
    const task = await archivedTask(args[0]!);
    new Output(io, options.output).value(task, (paint) => renderTask(task, paint));
    return EXIT.ok.code;
  },
});

const events = command({
  name: 'archive events',
  summary: 'Print the journal of an archived task.',
  details: 'Needs no running Weft.',
  arguments: [FILE],
  options: OUTPUT_OPTION,
  examples: [
    { line: 'weft archive events archive/2026-01-31/0197….jsonl.gz -o jsonl', doc: 'Every event, a line each.' },
  ],
  async run({ args, options, io }) {
    const { readArchive } = await import('../../retention/archive.ts');
    const { journal } = await readArchive(args[0]!);
    const rows = journal.flatMap((entry) =>
      entry.events.map((event, index): NumberedEvent => ({ seq: entry.seq + index, event })),
    );
    new Output(io, options.output).rows(rows, eventColumns);
    return EXIT.ok.code;
  },
});

/** The `weft archive` commands. */
export const ARCHIVE_COMMANDS: readonly Command[] = [show, events];
