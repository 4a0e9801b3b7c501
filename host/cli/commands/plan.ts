import { command } from '../command.ts';
import { CONNECTION_OPTIONS, withClient } from '../connect.ts';
import { EXIT } from '../exit.ts';
import { OUTPUT_OPTION, Output } from '../output.ts';
import { listRows } from '../pages.ts';
import { planView, renderPlan } from '../plan_view.ts';

const show = command({
  name: 'plan show',
  summary:
    'Show how a planning step came to its plan: every call, what was wrong with its answer, the steps it became.',
  arguments: [
    { name: 'TASK', doc: 'The id of a task.' },
    { name: 'STEP', doc: 'The name or id of a planning step.' },
  ],
  options: { ...OUTPUT_OPTION, ...CONNECTION_OPTIONS },
  examples: [{ line: 'weft plan show 0197… investigate', doc: 'Why these steps, and what they cost.' }],
  async run({ args, options, io }) {
    const [taskId, name] = [args[0]!, args[1]!];
    const view = await withClient(options, io, async (client) => {
      const [task, step] = [await client.task(taskId), await client.step(taskId, name)];
      const everything = { limit: undefined, cursor: undefined, all: true };
      return planView(task, step, await listRows((page) => client.events(taskId, page), everything, io));
    });
    new Output(io, options.output).value(view, (paint) => renderPlan(view, paint));
    return EXIT.ok.code;
  },
});

/** Commands about plans. */
export const PLAN_COMMANDS = [show];
